//! PostgreSQL's statements on tables and columns, one function each, with the locks they take.
//! Those on constraints and indexes are in `postgres_constraint`, those of online steps in `postgres_online`.

use super::LockLevel::{AccessExclusive, ShareRowExclusive, ShareUpdateExclusive};
use super::convert::Convert;
use super::{Dialect, Extent, Statement, Writer};
use crate::conversion::{Conversion, conversion};
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

    /// `ALTER TABLE "org"."table" ` and what follows, which nobody can use the table for.
    pub(super) fn alter(
        self,
        message: &'static str,
        table: &Ident,
        write: impl FnOnce(&mut Writer),
    ) -> Statement {
        self.alter_under(AccessExclusive, message, table, write)
    }

    /// As [`Self::alter`], under a weaker lock.
    pub(super) fn alter_under(
        self,
        level: super::LockLevel,
        message: &'static str,
        table: &Ident,
        write: impl FnOnce(&mut Writer),
    ) -> Statement {
        let mut writer = self.writer();
        writer.word("ALTER TABLE ").relation(table).word(" ");
        write(&mut writer);
        writer.finish(message, Some(table)).locks_table(table, level)
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
        let made = writer.finish("CREATE TABLE", Some(&table.name)).locks_table(&table.name, AccessExclusive);
        let others = keys.iter().filter(|key| key.table != table.name);
        others.fold(made, |made, key| made.locks_table(&key.table, ShareRowExclusive))
    }

    pub fn drop_table(self, table: &Ident) -> Statement {
        let mut writer = self.writer();
        writer.word("DROP TABLE ").relation(table);
        writer.finish("DROP TABLE", Some(table)).locks_table(table, AccessExclusive)
    }

    pub fn rename_table(self, from: &Ident, to: &Ident) -> Statement {
        self.alter("RENAME TABLE", from, |w| {
            w.word("RENAME TO ").ident(to);
        })
    }

    /// A column, with its default in every row: a constant costs nothing, a generated value is written
    /// into every row, and the values of an `Enum` are checked in every row.
    pub fn add_column(self, table: &Table, column: &Column) -> Statement {
        let statement = self.alter("ADD COLUMN", &table.name, |w| {
            w.word("ADD COLUMN ").definition(column, table, Dialect::Postgres);
            if let FieldType::Enum { values } = &column.ty {
                w.word(", ADD ").values_check(&column.name, values);
            }
        });
        match (&column.generated, &column.ty) {
            (Some(_), _) => statement.goes_through(Extent::Rewrite),
            (None, FieldType::Enum { .. }) => statement.goes_through(Extent::Scan),
            (None, _) if !column.nullable && column.default.is_none() => statement.goes_through(Extent::Scan),
            (None, _) => statement,
        }
    }

    /// A column alone: the values of an `Enum` are not checked yet.
    pub fn add_bare_column(self, table: &Table, column: &Column) -> Statement {
        self.alter("ADD COLUMN", &table.name, |w| {
            w.word("ADD COLUMN ").definition(column, table, Dialect::Postgres);
        })
    }

    pub fn drop_column(self, table: &Ident, column: &Ident) -> Statement {
        self.alter("DROP COLUMN", table, |w| {
            w.word("DROP COLUMN ").column(column);
        })
    }

    pub fn rename_column(self, table: &Ident, from: &Ident, to: &Ident) -> Statement {
        self.alter("RENAME COLUMN", table, |w| {
            w.word("RENAME COLUMN ").column(from).word(" TO ").column(to);
        })
    }

    /// Another type, with the default carried over: PostgreSQL cannot convert a default by itself.
    /// Where every value stays as it is stored, there is no `USING`: with one, the table would be written anew.
    pub fn change_type(self, table: &Table, before: &Column, after: &Column) -> Statement {
        let rewrites = conversion(&before.ty, &after.ty) != Conversion::Widening;
        let statement = self.alter("ALTER COLUMN TYPE", &table.name, |w| {
            let name = &after.name;
            if before.default.is_some() {
                w.word("ALTER COLUMN ").ident(name).word(" DROP DEFAULT, ");
            }
            w.word("ALTER COLUMN ").column(name).word(" TYPE ").postgres_type(&after.ty);
            if rewrites {
                let convert = Convert { column: name, from: &before.ty, to: &after.ty, using: None, table };
                w.word(" USING ").conversion(&convert);
            }
            if let Some(default) = &after.default {
                w.word(", ALTER COLUMN ").ident(name).word(" SET DEFAULT ").default(default, &after.ty);
            }
        });
        statement.goes_through(if rewrites { Extent::Rewrite } else { Extent::Nothing })
    }

    /// Gives rows their values, all in one statement.
    pub fn fill(self, table: &Table, fill: &Fill) -> Statement {
        let mut writer = self.writer();
        writer.fill(table, fill).word(" WHERE ").unfilled(table, fill);
        let statement = writer.finish("UPDATE", Some(&table.name));
        statement.locks_table(&table.name, super::LockLevel::RowExclusive).goes_through(Extent::Rewrite)
    }

    pub fn set_default(self, table: &Ident, column: &Column) -> Statement {
        match &column.default {
            Some(default) => self.alter("SET DEFAULT", table, |w| {
                w.word("ALTER COLUMN ")
                    .column(&column.name)
                    .word(" SET DEFAULT ")
                    .default(default, &column.ty);
            }),
            None => self.alter("DROP DEFAULT", table, |w| {
                w.word("ALTER COLUMN ").column(&column.name).word(" DROP DEFAULT");
            }),
        }
    }

    /// Allows NULL or refuses it. A validated check that says the same spares the scan (`proven`).
    pub fn set_nullable(self, table: &Ident, column: &Column, proven: bool) -> Statement {
        let (message, words) = match column.nullable {
            true => ("DROP NOT NULL", " DROP NOT NULL"),
            false => ("SET NOT NULL", " SET NOT NULL"),
        };
        let statement = self.alter(message, table, |w| {
            w.word("ALTER COLUMN ").column(&column.name).word(words);
        });
        match column.nullable || proven {
            true => statement,
            false => statement.goes_through(Extent::Scan),
        }
    }

    pub fn comment(self, table: &Ident, column: Option<&Ident>, comment: Option<&str>) -> Statement {
        let mut writer = self.writer();
        writer
            .word(if column.is_some() { "COMMENT ON COLUMN " } else { "COMMENT ON TABLE " })
            .relation(table);
        if let Some(column) = column {
            writer.word(".").column(column);
        }
        writer.word(" IS ");
        match comment {
            Some(comment) => writer.text(comment),
            None => writer.word("NULL"),
        };
        writer.finish("COMMENT", Some(table)).locks_table(table, ShareUpdateExclusive)
    }
}
