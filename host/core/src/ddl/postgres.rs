//! PostgreSQL's statements on tables and columns, one function each.
//! Those on constraints and indexes are in `postgres_constraint`, those of online steps in `postgres_online`.

use super::convert::Convert;
use super::{Dialect, Statement, StatementKind as Kind, Writer};
use crate::conversion::stored_anew;
use crate::field_type::FieldType;
use crate::ident::{Ident, OrgName};
use crate::model::Fill;
use crate::schema::{Column, ForeignKey, Table};

/// Writes statements for one organisation.
#[derive(Clone, Copy)]
pub(crate) struct Postgres<'a> {
    pub org: &'a OrgName,
}

impl<'a> Postgres<'a> {
    pub(super) fn writer(self) -> Writer<'a> {
        Writer::new(Dialect::Postgres, self.org)
    }

    /// `ALTER TABLE "org"."table" ` and what follows.
    pub(super) fn alter(self, kind: Kind, table: &Ident, write: impl FnOnce(&mut Writer)) -> Statement {
        let mut writer = self.writer();
        writer.word("ALTER TABLE ").relation(table).word(" ");
        write(&mut writer);
        writer.done(kind, table)
    }

    /// A table with all that may stand in its definition; `keys` are the foreign keys to include.
    pub fn create_table(self, table: &Table, keys: &[&ForeignKey]) -> Statement {
        let mut writer = self.writer();
        writer.word("CREATE TABLE ").relation(&table.name).word(" (");
        writer.list(table.columns.values(), |w, column| {
            w.definition(column, table, Dialect::Postgres);
        });
        if !table.primary_key.is_empty() {
            writer.word(", CONSTRAINT ").ident(&table.key_name());
            writer.word(" PRIMARY KEY ").idents(&table.primary_key);
        }
        for unique in &table.uniques {
            writer.word(", CONSTRAINT ").ident(&unique.name).word(" UNIQUE ").idents(&unique.columns);
        }
        for column in table.columns.values() {
            if let FieldType::Enum { values } = &column.ty {
                writer.word(", ").values_check(&column.name, values);
            }
        }
        for check in &table.checks {
            writer
                .word(", CONSTRAINT ")
                .ident(&check.name)
                .word(" CHECK (")
                .expr(&check.expression, table)
                .word(")");
        }
        for key in keys {
            writer.word(", ").foreign_key(key);
        }
        writer.word(")");
        writer.done(Kind::CreateTable, &table.name).refers_to(keys.iter().map(|key| &key.table))
    }

    pub fn drop_table(self, table: &Ident) -> Statement {
        let mut writer = self.writer();
        writer.word("DROP TABLE ").relation(table);
        writer.done(Kind::DropTable, table)
    }

    pub fn rename_table(self, from: &Ident, to: &Ident) -> Statement {
        self.alter(Kind::RenameTable, from, |w| {
            w.word("RENAME TO ").ident(to);
        })
    }

    /// Has the rows of an `UNLOGGED` table outlive a crash: the table and its indexes are written anew.
    pub fn set_logged(self, table: &Ident) -> Statement {
        self.alter(Kind::SetLogged, table, |w| {
            w.word("SET LOGGED");
        })
    }

    /// A column, with its default in every row: a constant costs nothing, a generated value is written
    /// into every row, and the values of an `Enum` are checked in every row.
    pub fn add_column(self, table: &Table, column: &Column) -> Statement {
        let kind = match (&column.generated, &column.ty) {
            (Some(_), _) => Kind::AddGeneratedColumn,
            (None, FieldType::Enum { .. }) => Kind::AddCheckedColumn,
            (None, _) if !column.nullable && column.default.is_none() => Kind::AddCheckedColumn,
            (None, _) => Kind::AddColumn,
        };
        self.alter(kind, &table.name, |w| {
            w.word("ADD COLUMN ").definition(column, table, Dialect::Postgres);
            if let FieldType::Enum { values } = &column.ty {
                w.word(", ADD ").values_check(&column.name, values);
            }
        })
    }

    /// A column that refers to another table and is empty in every row, so that no row has to be looked at.
    pub fn add_referring_column(self, table: &Table, column: &Column, key: &ForeignKey) -> Statement {
        let statement = self.alter(Kind::AddReferringColumn, &table.name, |w| {
            w.word("ADD COLUMN ").definition(column, table, Dialect::Postgres).word(" ").referring(key);
        });
        statement.refers_to([&key.table])
    }

    /// A column alone: the values of an `Enum` are not checked yet.
    pub fn add_bare_column(self, table: &Table, column: &Column) -> Statement {
        self.alter(Kind::AddColumn, &table.name, |w| {
            w.word("ADD COLUMN ").definition(column, table, Dialect::Postgres);
        })
    }

    /// Removes a column; `to` is what foreign keys refer to that go with it.
    pub fn drop_column<'t>(
        self,
        table: &Ident,
        column: &Ident,
        to: impl IntoIterator<Item = &'t Ident>,
    ) -> Statement {
        let statement = self.alter(Kind::DropColumn, table, |w| {
            w.word("DROP COLUMN ").column(column);
        });
        statement.refers_to(to)
    }

    pub fn rename_column(self, table: &Ident, from: &Ident, to: &Ident) -> Statement {
        self.alter(Kind::RenameColumn, table, |w| {
            w.word("RENAME COLUMN ").column(from).word(" TO ").column(to);
        })
    }

    /// Another type, with the default carried over: PostgreSQL cannot convert a default by itself.
    /// Where every value stays as it is stored, there is no `USING`: with one, the table would be written anew.
    /// Foreign keys on the column are made anew, which locks the tables that they connect (`others`).
    pub fn change_type(self, table: &Table, before: &Column, after: &Column, others: &[Ident]) -> Statement {
        let unread = before.unread.as_deref();
        let is_collated = before.is_collated();
        let foreign = unread.and_then(|unread| unread.ty.as_deref()).filter(|_| !is_collated);
        let rewrites = foreign.is_some() || stored_anew(&before.ty, &after.ty);
        let kind = match (rewrites, is_collated && table.is_used(&after.name)) {
            (true, _) => Kind::RewriteType,
            (false, true) => Kind::CollateType,
            (false, false) if table.is_computed_from(&after.name) => Kind::WidenComputedType,
            (false, false) => Kind::WidenType,
        };
        let statement = self.alter(kind, &table.name, |w| {
            let name = &after.name;
            if before.default.is_some() || unread.is_some_and(|unread| unread.default.is_some()) {
                w.word("ALTER COLUMN ").ident(name).word(" DROP DEFAULT, ");
            }
            w.word("ALTER COLUMN ").column(name).word(" TYPE ").postgres_type(&after.ty);
            if rewrites {
                let convert = Convert { column: name, from: &before.ty, to: &after.ty, using: None, table };
                w.word(" USING ");
                match (foreign, &after.ty) {
                    (Some("timestamp"), FieldType::DateTime) => {
                        w.ident(name).word(" AT TIME ZONE 'UTC'");
                    }
                    _ => drop(w.conversion(&convert)),
                }
            }
            if let Some(default) = &after.default {
                w.word(", ALTER COLUMN ").ident(name).word(" SET DEFAULT ").default(default, &after.ty);
            }
        });
        statement.refers_to(others)
    }

    /// Gives rows their values, all in one statement.
    pub fn fill(self, table: &Table, fill: &Fill) -> Statement {
        let mut writer = self.writer();
        writer.fill(table, fill).word(" WHERE ").unfilled(table, fill);
        // What a row refers to is looked up.
        let keys = table.foreign_keys.iter().filter(|key| key.columns.contains(&fill.column));
        writer.done(Kind::Fill, &table.name).refers_to(keys.map(|key| &key.table))
    }

    pub fn set_default(self, table: &Ident, column: &Column) -> Statement {
        match &column.default {
            Some(default) => self.alter(Kind::SetDefault, table, |w| {
                w.word("ALTER COLUMN ")
                    .column(&column.name)
                    .word(" SET DEFAULT ")
                    .default(default, &column.ty);
            }),
            None => self.alter(Kind::DropDefault, table, |w| {
                w.word("ALTER COLUMN ").column(&column.name).word(" DROP DEFAULT");
            }),
        }
    }

    /// Allows NULL or refuses it. A validated check that says the same spares the scan (`proven`).
    pub fn set_nullable(self, table: &Ident, column: &Column, proven: bool) -> Statement {
        let (kind, words) = match (column.nullable, proven) {
            (true, _) => (Kind::DropNotNull, " DROP NOT NULL"),
            (false, true) => (Kind::SetNotNullProven, " SET NOT NULL"),
            (false, false) => (Kind::SetNotNull, " SET NOT NULL"),
        };
        self.alter(kind, table, |w| {
            w.word("ALTER COLUMN ").column(&column.name).word(words);
        })
    }

    pub fn comment(self, table: &Ident, column: Option<&Ident>, comment: Option<&str>) -> Statement {
        let mut writer = self.writer();
        let (kind, words) = match column {
            Some(_) => (Kind::CommentOnColumn, "COMMENT ON COLUMN "),
            None => (Kind::CommentOnTable, "COMMENT ON TABLE "),
        };
        writer.word(words).relation(table);
        if let Some(column) = column {
            writer.word(".").column(column);
        }
        writer.word(" IS ");
        match comment {
            Some(comment) => writer.text(comment),
            None => writer.word("NULL"),
        };
        writer.done(kind, table)
    }
}
