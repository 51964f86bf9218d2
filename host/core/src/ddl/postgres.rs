//! PostgreSQL's statements, one function each.

use super::{Dialect, Statement, Writer};
use crate::field_type::FieldType;
use crate::ident::{Ident, OrgName};
use crate::schema::{Check, Column, ForeignKey, Index, Table, Unique, names};

/// Writes statements for one organisation.
#[derive(Clone, Copy)]
pub(crate) struct Postgres<'a> {
    pub org: &'a OrgName,
}

impl<'a> Postgres<'a> {
    fn writer(self) -> Writer<'a> {
        Writer::new(Dialect::Postgres, self.org)
    }

    /// `ALTER TABLE "org"."table" ` and what follows.
    fn alter(self, message: &'static str, table: &Ident, write: impl FnOnce(&mut Writer)) -> Statement {
        let mut writer = self.writer();
        writer.word("ALTER TABLE ").relation(table).word(" ");
        write(&mut writer);
        writer.finish(message, Some(table))
    }

    /// A table with all that may stand in its definition; `keys` are the foreign keys to include.
    pub fn create_table(self, table: &Table, keys: &[&ForeignKey]) -> Statement {
        let mut writer = self.writer();
        writer.word("CREATE TABLE ").relation(&table.name).word(" (");
        writer.list(table.columns.values(), |w, column| {
            w.definition(column, Dialect::Postgres);
        });
        if !table.primary_key.is_empty() {
            writer.word(", PRIMARY KEY ").idents(&table.primary_key);
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
        writer.finish("CREATE TABLE", Some(&table.name))
    }

    pub fn drop_table(self, table: &Ident) -> Statement {
        let mut writer = self.writer();
        writer.word("DROP TABLE ").relation(table);
        writer.finish("DROP TABLE", Some(table))
    }

    pub fn rename_table(self, from: &Ident, to: &Ident) -> Statement {
        self.alter("RENAME TABLE", from, |w| {
            w.word("RENAME TO ").ident(to);
        })
    }

    pub fn add_column(self, table: &Ident, column: &Column) -> Statement {
        self.alter("ADD COLUMN", table, |w| {
            w.word("ADD COLUMN ").definition(column, Dialect::Postgres);
            if let FieldType::Enum { values } = &column.ty {
                w.word(", ADD ").values_check(&column.name, values);
            }
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

    pub fn rename_constraint(self, table: &Ident, from: &Ident, to: &Ident) -> Statement {
        self.alter("RENAME CONSTRAINT", table, |w| {
            w.word("RENAME CONSTRAINT ").ident(from).word(" TO ").ident(to);
        })
    }

    /// Another type, with the default carried over: PostgreSQL cannot convert a default by itself.
    pub fn change_type(self, table: &Ident, before: &Column, after: &Column) -> Statement {
        self.alter("ALTER COLUMN TYPE", table, |w| {
            let name = &after.name;
            if before.default.is_some() {
                w.word("ALTER COLUMN ").ident(name).word(" DROP DEFAULT, ");
            }
            w.word("ALTER COLUMN ").column(name).word(" TYPE ").postgres_type(&after.ty);
            w.word(" USING ").postgres_conversion(name, &before.ty, &after.ty);
            if let Some(default) = &after.default {
                w.word(", ALTER COLUMN ").ident(name).word(" SET DEFAULT ").default(default, &after.ty);
            }
        })
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

    pub fn set_nullable(self, table: &Ident, column: &Column) -> Statement {
        let (message, words) = match column.nullable {
            true => ("DROP NOT NULL", " DROP NOT NULL"),
            false => ("SET NOT NULL", " SET NOT NULL"),
        };
        self.alter(message, table, |w| {
            w.word("ALTER COLUMN ").column(&column.name).word(words);
        })
    }

    pub fn drop_constraint(self, table: &Ident, name: &Ident) -> Statement {
        self.alter("DROP CONSTRAINT", table, |w| {
            w.word("DROP CONSTRAINT ").ident(name);
        })
    }

    /// The check that keeps a column to the values of its `Enum`.
    pub fn add_values(self, table: &Ident, column: &Ident, values: &[String]) -> Statement {
        self.alter("ADD CHECK", table, |w| {
            w.word("ADD ").values_check(column, values);
        })
    }

    pub fn add_unique(self, table: &Ident, unique: &Unique) -> Statement {
        self.alter("ADD UNIQUE", table, |w| {
            w.word("ADD CONSTRAINT ").ident(&unique.name).word(" UNIQUE ").idents(&unique.columns);
        })
    }

    pub fn add_check(self, table: &Table, check: &Check) -> Statement {
        self.alter("ADD CHECK", &table.name, |w| {
            w.word("ADD CONSTRAINT ")
                .ident(&check.name)
                .word(" CHECK (")
                .expr(&check.expression, table)
                .word(")");
        })
    }

    pub fn add_foreign_key(self, table: &Ident, key: &ForeignKey) -> Statement {
        self.alter("ADD FOREIGN KEY", table, |w| {
            w.word("ADD ").foreign_key(key);
        })
    }

    pub fn create_index(self, table: &Ident, index: &Index) -> Statement {
        let mut writer = self.writer();
        writer.word(if index.unique { "CREATE UNIQUE INDEX " } else { "CREATE INDEX " });
        writer.ident(&index.name).word(" ON ").relation(table).word(" ").idents(&index.columns);
        writer.finish("CREATE INDEX", Some(table))
    }

    pub fn drop_index(self, table: &Ident, index: &Ident) -> Statement {
        let mut writer = self.writer();
        writer.word("DROP INDEX ").relation(index);
        writer.finish("DROP INDEX", Some(table))
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
        writer.finish("COMMENT", Some(table))
    }
}

impl Writer<'_> {
    fn values_check(&mut self, column: &Ident, values: &[String]) -> &mut Self {
        self.word("CONSTRAINT ").ident(&names::values_check(column)).word(" CHECK (");
        self.one_of(column, values).word(")")
    }

    /// `CONSTRAINT … FOREIGN KEY … REFERENCES …`
    pub(super) fn foreign_key(&mut self, key: &ForeignKey) -> &mut Self {
        self.word("CONSTRAINT ").ident(&key.name).word(" FOREIGN KEY ").idents(&key.columns);
        self.word(" REFERENCES ").relation(&key.table).word(" ").idents(&key.target).on_delete(key.on_delete)
    }
}
