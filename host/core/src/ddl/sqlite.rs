//! SQLite's statements, one function each, and the table rebuild.

use super::{Dialect, Rebuild, Statement, Writer};
use crate::ident::{Ident, OrgName};
use crate::schema::{Column, ForeignKey, Table};

/// Writes statements for one organisation.
#[derive(Clone, Copy)]
pub(crate) struct Sqlite<'a> {
    pub org: &'a OrgName,
}

impl<'a> Sqlite<'a> {
    fn writer(self) -> Writer<'a> {
        Writer::new(Dialect::Sqlite, self.org)
    }

    pub fn create_table(self, table: &Table) -> Statement {
        self.create_as(&table.name, table)
    }

    fn create_as(self, name: &Ident, table: &Table) -> Statement {
        let mut writer = self.writer();
        writer.word("CREATE TABLE ").ident(name).word(" (");
        writer.list(table.columns.values(), |w, column| {
            w.definition(column, Dialect::Sqlite);
        });
        if !table.primary_key.is_empty() {
            writer.word(", PRIMARY KEY ").idents(&table.primary_key);
        }
        for check in &table.checks {
            writer
                .word(", CONSTRAINT ")
                .ident(&check.name)
                .word(" CHECK (")
                .expr(&check.expression, table)
                .word(")");
        }
        for key in &table.foreign_keys {
            writer.word(", ").foreign_key(key);
        }
        writer.word(")");
        writer.finish("CREATE TABLE", Some(&table.name))
    }

    pub fn drop_table(self, table: &Ident) -> Statement {
        let mut writer = self.writer();
        writer.word("DROP TABLE ").ident(table);
        writer.finish("DROP TABLE", Some(table))
    }

    pub fn rename_table(self, from: &Ident, to: &Ident) -> Statement {
        let mut writer = self.writer();
        writer.word("ALTER TABLE ").ident(from).word(" RENAME TO ").ident(to);
        writer.finish("RENAME TABLE", Some(from))
    }

    /// A column; `key` is a foreign key on it alone.
    pub fn add_column(self, table: &Ident, column: &Column, key: Option<&ForeignKey>) -> Statement {
        let mut writer = self.writer();
        writer.word("ALTER TABLE ").ident(table).word(" ADD COLUMN ").definition(column, Dialect::Sqlite);
        if let Some(key) = key {
            writer.word(" CONSTRAINT ").ident(&key.name).word(" REFERENCES ").ident(&key.table).word(" ");
            writer.idents(&key.target).on_delete(key.on_delete);
        }
        writer.finish("ADD COLUMN", Some(table))
    }

    pub fn drop_column(self, table: &Ident, column: &Ident) -> Statement {
        let mut writer = self.writer();
        writer.word("ALTER TABLE ").ident(table).word(" DROP COLUMN ").column(column);
        writer.finish("DROP COLUMN", Some(table))
    }

    pub fn rename_column(self, table: &Ident, from: &Ident, to: &Ident) -> Statement {
        let mut writer = self.writer();
        writer.word("ALTER TABLE ").ident(table).word(" RENAME COLUMN ").column(from).word(" TO ").column(to);
        writer.finish("RENAME COLUMN", Some(table))
    }

    pub fn create_index(self, table: &Ident, name: &Ident, columns: &[Ident], unique: bool) -> Statement {
        let mut writer = self.writer();
        writer.word(if unique { "CREATE UNIQUE INDEX " } else { "CREATE INDEX " });
        writer.ident(name).word(" ON ").ident(table).word(" ").idents(columns);
        writer.finish("CREATE INDEX", Some(table))
    }

    pub fn drop_index(self, table: &Ident, index: &Ident) -> Statement {
        let mut writer = self.writer();
        writer.word("DROP INDEX ").ident(index);
        writer.finish("DROP INDEX", Some(table))
    }

    /// A table made anew. Columns whose name is in `kept` are copied, converted where the type differs.
    pub fn rebuild(self, before: &Table, after: &Table, kept: &[Ident]) -> Rebuild {
        let passing = Ident::from_parts("hookwright_rebuild".into());
        let legacy = |words: &'static str| {
            let mut writer = self.writer();
            writer.word(words);
            writer.finish("PRAGMA", Some(&after.name))
        };
        // With the legacy rename, views that name the table wait for it to be back instead of failing.
        let swap = vec![
            self.create_as(&passing, after),
            self.copy(&passing, before, after, kept),
            self.drop_table(&before.name),
            legacy("PRAGMA legacy_alter_table = ON"),
            self.rename_table(&passing, &after.name),
            legacy("PRAGMA legacy_alter_table = OFF"),
        ];
        Rebuild { before: before.clone(), after: after.clone(), swap, indexes: self.indexes(after) }
    }

    /// All indexes of a table; its unique constraints are unique indexes.
    pub fn indexes(self, table: &Table) -> Vec<Statement> {
        let uniques = table.uniques.iter().map(|u| self.create_index(&table.name, &u.name, &u.columns, true));
        let indexes =
            table.indexes.iter().map(|i| self.create_index(&table.name, &i.name, &i.columns, i.unique));
        uniques.chain(indexes).collect()
    }

    fn copy(self, to: &Ident, before: &Table, after: &Table, kept: &[Ident]) -> Statement {
        let pairs = || kept.iter().filter_map(|name| before.column(name).zip(after.column(name)));
        let mut writer = self.writer();
        writer.word("INSERT INTO ").ident(to).word(" ").idents(pairs().map(|(_, column)| &column.name));
        writer.word(" SELECT ").list(pairs(), |w, (old, new)| {
            match old.ty == new.ty {
                true => w.ident(&new.name),
                false => w.sqlite_conversion(&new.name, &old.ty, &new.ty),
            };
        });
        writer.word(" FROM ").ident(&before.name);
        writer.finish("INSERT", Some(&after.name))
    }
}
