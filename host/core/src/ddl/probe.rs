//! The question of a [`Probe`] as a read-only statement.
//!
//! The one row of the answer: whether the table has rows (boolean), how many
//! rows fail (integer, counted up to [`Answer::MOST`]), a sample of failing
//! values (text, a JSON array of texts; NULL for none).

use super::convert::Convert;
use super::{Dialect, Statement, Writer};
use crate::ident::{Ident, OrgName};
use crate::policy::{Answer, Probe};
use crate::schema::{IndexKey, IndexShape, Schema, Table};

/// The statement that answers a probe. `schema` is the one before the change.
#[must_use]
pub fn probe(probe: &Probe, dialect: Dialect, org: &OrgName, schema: &Schema) -> Statement {
    let mut writer = Writer::new(dialect, org);
    if let Probe::Dependents { table, on } = probe {
        writer.dependents(table, on, schema);
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
        | Probe::Repeats { table, .. }
        | Probe::Orphans { table, .. }
        | Probe::Dangling { table, .. }
        | Probe::Misfits { table, .. }
        | Probe::Unconvertible { table, .. }
        | Probe::Dependents { table, .. }
        | Probe::Violations { table, .. } => table,
    }
}

impl Writer<'_> {
    /// The failing value, or where that is NULL or many, the key of its row.
    fn example(&mut self, probe: &Probe, schema: &Schema, dialect: Dialect) -> &mut Self {
        let column = match probe {
            Probe::Misfits { column, .. } | Probe::Unconvertible { column, .. } => Some(column),
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
            Probe::Repeats { table, index } => match schema.table(table) {
                Some(table) => self.repeats(table, index),
                None => self.word("1 = 0"),
            },
            Probe::Orphans { table, columns, to } => self.orphans((table, columns), to.as_ref(), schema),
            Probe::Dangling { value, ty, to: Some((table, column)), .. } => {
                self.word("NOT EXISTS (SELECT 1 FROM ").relation(table).word(" AS t WHERE t.").ident(column);
                self.word(" = ").default(value, ty).word(")")
            }
            Probe::Dangling { to: None, .. } => self.word("1 = 1"),
            Probe::Misfits { column, from, to, .. } => {
                self.word("r.").ident(column).word(" IS NOT NULL AND (").misfits(column, from, to).word(")")
            }
            Probe::Unconvertible { table, column, from, to, using, required } => match schema.table(table) {
                Some(table) => {
                    let of = Convert { column, from, to, using: using.as_ref(), table };
                    self.unconvertible(&of, *required).unkept(&of)
                }
                None => self.word("1 = 0"),
            },
            Probe::Violations { table, expression } => match schema.table(table) {
                Some(table) => self.word("NOT (").expr(expression, table).word(")"),
                None => self.word("1 = 0"),
            },
        }
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

    /// As `duplicates`, for the keys of an index and the rows that are in it. What is NULL is never the same.
    fn repeats(&mut self, table: &Table, index: &IndexShape) -> &mut Self {
        let keys = |w: &mut Self| {
            w.list(&index.keys, |w, key| {
                match key {
                    IndexKey::Column(column) => w.ident(column),
                    IndexKey::Expression(expression) => w.word("(").expr(expression, table).word(")"),
                };
            });
        };
        let within = |w: &mut Self, before: &'static str| {
            if let Some(predicate) = &index.predicate {
                w.word(before).expr(predicate, table);
            }
        };
        self.word("(");
        keys(self);
        self.word(") IN (SELECT ");
        keys(self);
        self.word(" FROM ").relation(&table.name);
        within(self, " WHERE ");
        self.word(" GROUP BY ");
        keys(self);
        self.word(" HAVING count(*) > 1)");
        within(self, " AND ");
        self
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
}
