//! The question of a [`Probe`] as a read-only statement.
//!
//! The one row of the answer: whether the table has rows (boolean), how many
//! rows fail (integer, counted up to [`Answer::MOST`]), a sample of failing
//! values (text, a JSON array of texts; NULL for none).

use super::convert::{FALSE_TEXTS, TRUE_TEXTS};
use super::{Dialect, Statement, Writer};
use crate::field_type::FieldType as T;
use crate::ident::{Ident, OrgName};
use crate::policy::{Answer, Probe};
use crate::schema::Schema;

/// The statement that answers a probe. `schema` is the one before the change.
#[must_use]
pub fn probe(probe: &Probe, dialect: Dialect, org: &OrgName, schema: &Schema) -> Statement {
    let mut writer = Writer::new(dialect, org);
    if let Probe::Dependents { table, column } = probe {
        writer.dependents(table, column.as_ref());
        return writer.finish("SELECT", Some(table));
    }
    writer.word("SELECT EXISTS (SELECT 1 FROM ").relation(table(probe)).word("), ");
    if matches!(probe, Probe::Rows { .. }) {
        writer.word("0, NULL");
    } else {
        writer.word("(SELECT count(*) FROM (SELECT 1");
        writer
            .failing(probe, schema)
            .word(" LIMIT ")
            .number(i128::from(Answer::MOST))
            .word(") AS failing), ");
        writer.word(match dialect {
            Dialect::Postgres => "(SELECT json_agg(example)::text FROM (SELECT DISTINCT ",
            Dialect::Sqlite => "(SELECT json_group_array(example) FROM (SELECT DISTINCT ",
        });
        writer.example(probe, schema, dialect).word(" AS example");
        writer.failing(probe, schema).word(" LIMIT 3) AS sample)");
    }
    writer.finish("SELECT", Some(table(probe)))
}

fn table(probe: &Probe) -> &Ident {
    match probe {
        Probe::Rows { table }
        | Probe::Nulls { table, .. }
        | Probe::Duplicates { table, .. }
        | Probe::Orphans { table, .. }
        | Probe::Dangling { table, .. }
        | Probe::Misfits { table, .. }
        | Probe::Dependents { table, .. }
        | Probe::Violations { table, .. } => table,
    }
}

impl Writer<'_> {
    /// The failing value, or where that is NULL or many, the key of its row.
    fn example(&mut self, probe: &Probe, schema: &Schema, dialect: Dialect) -> &mut Self {
        let column = match probe {
            Probe::Misfits { column, .. } => Some(column),
            Probe::Duplicates { columns, .. } | Probe::Orphans { columns, .. } => columns.first(),
            _ => None,
        };
        let column = column.or_else(|| schema.table(table(probe)).and_then(|t| t.primary_key.first()));
        match (column, dialect) {
            (Some(column), _) => self.word("substr(CAST(r.").ident(column).word(" AS text), 1, 60)"),
            (None, Dialect::Postgres) => self.word("r.ctid::text"),
            (None, Dialect::Sqlite) => self.word("CAST(r.rowid AS TEXT)"),
        }
    }

    /// ` FROM … WHERE …` for the rows that fail.
    fn failing(&mut self, probe: &Probe, schema: &Schema) -> &mut Self {
        self.word(" FROM ").relation(table(probe)).word(" AS r WHERE ");
        match probe {
            Probe::Rows { .. } | Probe::Dependents { .. } => self.word("1 = 0"),
            Probe::Nulls { column, .. } => self.word("r.").ident(column).word(" IS NULL"),
            Probe::Duplicates { table, columns } => self.duplicates(table, columns),
            Probe::Orphans { table, columns, to } => self.orphans((table, columns), to.as_ref(), schema),
            Probe::Dangling { value, ty, to: Some((table, column)), .. } => {
                self.word("NOT EXISTS (SELECT 1 FROM ").relation(table).word(" AS t WHERE t.").ident(column);
                self.word(" = ").default(value, ty).word(")")
            }
            Probe::Dangling { to: None, .. } => self.word("1 = 1"),
            Probe::Misfits { column, from, to, .. } => {
                self.word("r.").ident(column).word(" IS NOT NULL AND (");
                self.misfits(
                    &|w| {
                        w.word("r.").ident(column);
                    },
                    from,
                    to,
                )
                .word(")")
            }
            Probe::Violations { table, expression } => match schema.table(table) {
                Some(table) => self.word("NOT (").expr(expression, table).word(")"),
                None => self.word("1 = 0"),
            },
        }
    }

    /// Asked of the catalogue alone.
    fn dependents(&mut self, table: &Ident, column: Option<&Ident>) -> &mut Self {
        if self.dialect() == Dialect::Sqlite {
            return self.word("SELECT 1 = 0, 0, NULL");
        }
        self.word(DEPENDENTS)
            .word(" WHERE d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.deptype = 'n'");
        let org = self.org_name();
        self.word(" AND n.nspname = ").text(org).word(" AND c.relname = ").text(table.as_str());
        if let Some(column) = column {
            self.word(" AND a.attname = ").text(column.as_str());
        }
        self.word(") AS found WHERE what IS NOT NULL")
    }

    fn duplicates(&mut self, table: &Ident, columns: &[Ident]) -> &mut Self {
        if columns.is_empty() {
            return self.word("(SELECT count(*) FROM ").relation(table).word(") > 1");
        }
        let row = |w: &mut Self| {
            w.word("(").list(columns, |w, c| {
                w.word("r.").ident(c);
            });
            w.word(")");
        };
        row(self);
        self.word(" IN (SELECT ").list(columns, |w, c| {
            w.ident(c);
        });
        self.word(" FROM ").relation(table).word(" GROUP BY ").list(columns, |w, c| {
            w.ident(c);
        });
        self.word(" HAVING count(*) > 1)")
    }

    /// Where the change gives both columns one type, they may have two before it: then their texts are compared.
    fn orphans(
        &mut self,
        (table, columns): (&Ident, &[Ident]),
        to: Option<&(Ident, Vec<Ident>)>,
        schema: &Schema,
    ) -> &mut Self {
        for (index, column) in columns.iter().enumerate() {
            self.word(if index > 0 { " AND r." } else { "r." }).ident(column).word(" IS NOT NULL");
        }
        let Some((to, target)) = to else { return self };
        let ty = |table: &Ident, column: &Ident| Some(&schema.table(table)?.column(column)?.ty);
        self.word(" AND NOT EXISTS (SELECT 1 FROM ").relation(to).word(" AS t WHERE ");
        for (index, (own, other)) in columns.iter().zip(target).enumerate() {
            let alike = ty(table, own).zip(ty(to, other)).is_none_or(|(a, b)| a.comparable(b));
            self.word(if index > 0 { " AND " } else { "" });
            match alike {
                true => self.word("t.").ident(other).word(" = r.").ident(own),
                false => {
                    self.word("CAST(t.").ident(other).word(" AS text) = CAST(r.").ident(own).word(" AS text)")
                }
            };
        }
        self.word(")")
    }

    /// Whether a value, which is not NULL, has no counterpart in another type.
    pub(super) fn misfits(&mut self, value: &dyn Fn(&mut Self), from: &T, to: &T) -> &mut Self {
        let text = |w: &mut Self| {
            w.word("trim(CAST(").run(value).word(" AS text))");
        };
        match (self.dialect(), to) {
            (_, T::String { length }) => {
                self.word("length(CAST(").run(value).word(" AS text)) > ").number(*length)
            }
            (_, T::Enum { values }) => {
                self.word("CAST(").run(value).word(" AS text) NOT IN (").list(values, |w, v| {
                    w.text(v);
                });
                self.word(")")
            }
            (_, T::Boolean) if matches!(from, T::Int | T::BigInt) => self.run(value).word(" NOT IN (0, 1)"),
            (_, T::Boolean) => {
                self.word("lower(").run(&text).word(") NOT IN ").word(TRUE_TEXTS);
                self.word(" AND lower(").run(&text).word(") NOT IN ").word(FALSE_TEXTS)
            }
            (Dialect::Postgres, to) => self.postgres_misfit(from, to, value, &text),
            (Dialect::Sqlite, to) => self.sqlite_misfit(from, to, value, &text),
        }
    }

    fn postgres_misfit(
        &mut self,
        from: &T,
        to: &T,
        value: &dyn Fn(&mut Self),
        text: &dyn Fn(&mut Self),
    ) -> &mut Self {
        let textual = matches!(from, T::String { .. } | T::Text | T::Enum { .. });
        match to {
            T::Int | T::BigInt | T::Float | T::Decimal { .. } if textual => {
                self.word("CASE WHEN ").run(text).word(" ~ ").word(NUMBER[usize::from(matches!(to, T::Int | T::BigInt))]);
                self.word(" THEN ").outside(to, &|w| {
                    w.run(text).word("::numeric");
                });
                self.word(" ELSE TRUE END")
            }
            T::Int | T::BigInt | T::Float | T::Decimal { .. } => self.outside(to, value),
            T::Date => self.run(text).word(" !~ '^\\d{4}-\\d\\d-\\d\\d$'"),
            T::Time => self.run(text).word(" !~ '^\\d\\d:\\d\\d(:\\d\\d(\\.\\d+)?)?$'"),
            T::DateTime => self.run(text).word(" !~ '^\\d{4}-\\d\\d-\\d\\d([T ]\\d\\d:\\d\\d(:\\d\\d(\\.\\d+)?)?)?(Z|[+-]\\d\\d(:?\\d\\d)?)?$'"),
            T::Uuid => self.run(text).word(" !~* '^[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}$'"),
            T::Json => self.run(text).word(" !~ '^(\\{.*\\}|\\[.*\\]|\".*\"|-?\\d+(\\.\\d+)?([eE][+-]?\\d+)?|true|false|null)$'"),
            _ => self.word("FALSE"),
        }
    }

    /// Whether a number is outside what the type holds exactly.
    fn outside(&mut self, to: &T, number: &dyn Fn(&mut Self)) -> &mut Self {
        match to {
            T::Int => self.run(number).word(" NOT BETWEEN -2147483648 AND 2147483647"),
            T::BigInt => self.run(number).word(" NOT BETWEEN -9223372036854775808 AND 9223372036854775807"),
            T::Decimal { precision, scale } => {
                self.word("(round(").run(number).word("::numeric, ").number(*scale).word(") <> ").run(number);
                self.word(" OR abs(")
                    .run(number)
                    .word(") >= 10::numeric ^ ")
                    .number(*precision - *scale)
                    .word(")")
            }
            _ => self.word("FALSE"),
        }
    }

    fn sqlite_misfit(
        &mut self,
        from: &T,
        to: &T,
        value: &dyn Fn(&mut Self),
        text: &dyn Fn(&mut Self),
    ) -> &mut Self {
        match to {
            T::Int if *from == T::BigInt => self.run(value).word(" NOT BETWEEN -2147483648 AND 2147483647"),
            T::Int | T::BigInt => {
                self.word("CAST(CAST(").run(text).word(" AS INTEGER) AS TEXT) <> ").run(text);
                match to {
                    T::Int => self
                        .word(" OR CAST(")
                        .run(text)
                        .word(" AS INTEGER) NOT BETWEEN -2147483648 AND 2147483647"),
                    _ => self,
                }
            }
            T::Float => {
                self.run(text).word(" GLOB '*[^-+0-9.eE]*' OR ").run(text).word(" NOT GLOB '*[0-9]*'")
            }
            T::Date => self.run(text).word(" IS NOT date(").run(text).word(")"),
            T::Time => self.word("time(").run(text).word(") IS NULL"),
            T::DateTime => self.word("datetime(").run(text).word(") IS NULL"),
            T::Uuid => self.word("length(").run(text).word(") <> 36"),
            T::Json => self.word("NOT json_valid(").run(text).word(")"),
            T::Decimal { precision, scale } => self.sqlite_not_decimal(*precision, *scale, text),
            _ => self.word("1 = 0"),
        }
    }

    fn sqlite_not_decimal(&mut self, precision: u32, scale: u32, text: &dyn Fn(&mut Self)) -> &mut Self {
        self.run(text).word(" GLOB '*[^-0-9.]*' OR ").run(text).word(" NOT GLOB '*[0-9]*' OR ");
        self.run(text).word(" GLOB '?*-*' OR ").run(text).word(" GLOB '*.*.*' OR ");
        self.word("length(ltrim(substr(").run(text).word(" || '.', 1, instr(").run(text);
        self.word(" || '.', '.') - 1), '-0')) > ").number(precision - scale).word(" OR ");
        self.word("length(rtrim(substr(").run(text).word(" || '.', instr(").run(text);
        self.word(" || '.', '.') + 1), '.0')) > ").number(scale)
    }

    fn run(&mut self, write: &(impl Fn(&mut Self) + ?Sized)) -> &mut Self {
        write(self);
        self
    }
}

/// Views by their names; triggers of others that name a column, and row-level policies, as PostgreSQL describes them.
const DEPENDENTS: &str = "SELECT count(*) > 0, count(*), json_agg(what)::text FROM (SELECT DISTINCT CASE \
    WHEN d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass THEN \
        (SELECT 'view ' || v.relname FROM pg_catalog.pg_rewrite r JOIN pg_catalog.pg_class v ON v.oid = r.ev_class WHERE r.oid = d.objid) \
    WHEN d.classid = 'pg_catalog.pg_trigger'::pg_catalog.regclass AND EXISTS (SELECT FROM pg_catalog.pg_trigger t \
        WHERE t.oid = d.objid AND t.tgname LIKE 'zzz\\_hookwright\\_updates\\_%') THEN NULL \
    WHEN d.classid IN ('pg_catalog.pg_trigger'::pg_catalog.regclass, 'pg_catalog.pg_policy'::pg_catalog.regclass) \
        THEN pg_catalog.pg_describe_object(d.classid, d.objid, 0) END AS what \
    FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_class c ON c.oid = d.refobjid \
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
    JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = d.refobjsubid";

/// What PostgreSQL reads as a number, and as a whole one.
const NUMBER: [&str; 2] = ["'^[+-]?(\\d+\\.?\\d*|\\.\\d+)([eE][+-]?\\d{1,3})?$'", "'^[+-]?\\d+$'"];
