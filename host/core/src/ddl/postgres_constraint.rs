//! PostgreSQL's statements on constraints and indexes, one function each, with the locks they take.

use super::LockLevel::{AccessExclusive, RowShare, Share, ShareRowExclusive, ShareUpdateExclusive};
use super::postgres::Postgres;
use super::{Extent, Statement, Writer};
use crate::ident::Ident;
use crate::schema::{Check, ForeignKey, Index, IndexKey, IndexMethod, IndexShape, Table, Unique, names};

/// Whether existing rows are checked at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Checking {
    /// All of them, under the lock.
    Now,
    /// None: a later `VALIDATE` does it without blocking anybody.
    Later,
}

impl Postgres<'_> {
    /// Removes a constraint; a foreign key (`to` what it refers to) locks that table too.
    pub fn drop_constraint(self, table: &Ident, name: &Ident, to: Option<&Ident>) -> Statement {
        let statement = self.alter("DROP CONSTRAINT", table, |w| {
            w.word("DROP CONSTRAINT ").ident(name);
        });
        match to.filter(|to| *to != table) {
            Some(to) => statement.locks_table(to, AccessExclusive),
            None => statement,
        }
    }

    pub fn rename_constraint(self, table: &Ident, from: &Ident, to: &Ident) -> Statement {
        self.alter("RENAME CONSTRAINT", table, |w| {
            w.word("RENAME CONSTRAINT ").ident(from).word(" TO ").ident(to);
        })
    }

    pub fn validate(self, table: &Ident, name: &Ident, to: Option<&Ident>) -> Statement {
        let statement = self.alter_under(ShareUpdateExclusive, "VALIDATE CONSTRAINT", table, |w| {
            w.word("VALIDATE CONSTRAINT ").ident(name);
        });
        let statement = statement.goes_through(Extent::Scan);
        match to.filter(|to| *to != table) {
            Some(to) => statement.locks_table(to, RowShare),
            None => statement,
        }
    }

    /// The check that keeps a column to the values of its `Enum`.
    pub fn add_values(self, table: &Ident, column: &Ident, values: &[String], when: Checking) -> Statement {
        let statement = self.alter("ADD CHECK", table, |w| {
            w.word("ADD ").values_check(column, values).when(when);
        });
        checked(statement, when)
    }

    pub fn add_check(self, table: &Table, check: &Check, when: Checking) -> Statement {
        let statement = self.alter("ADD CHECK", &table.name, |w| {
            w.word("ADD CONSTRAINT ").ident(&check.name).word(" CHECK (").expr(&check.expression, table);
            w.word(")").when(when);
        });
        checked(statement, when)
    }

    /// A check that a column has a value, which spares `SET NOT NULL` its scan. Never validated at once.
    pub fn add_required(self, table: &Ident, column: &Ident) -> Statement {
        self.alter("ADD CHECK", table, |w| {
            w.word("ADD CONSTRAINT ").ident(&names::required_check(column)).word(" CHECK (").column(column);
            w.word(" IS NOT NULL)").when(Checking::Later);
        })
    }

    pub fn add_unique(self, table: &Ident, unique: &Unique) -> Statement {
        let statement = self.alter("ADD UNIQUE", table, |w| {
            w.word("ADD CONSTRAINT ").ident(&unique.name).word(" UNIQUE ").idents(&unique.columns);
        });
        statement.goes_through(Extent::Scan)
    }

    /// Makes a unique index, which then bears the constraint's name, a unique constraint.
    pub fn add_unique_by(self, table: &Ident, name: &Ident, index: &Ident) -> Statement {
        self.alter("ADD UNIQUE", table, |w| {
            w.word("ADD CONSTRAINT ").ident(name).word(" UNIQUE USING INDEX ").ident(index);
        })
    }

    pub fn add_primary_key(self, table: &Ident, name: &Ident, columns: &[Ident]) -> Statement {
        let statement = self.alter("ADD PRIMARY KEY", table, |w| {
            w.word("ADD CONSTRAINT ").ident(name).word(" PRIMARY KEY ").idents(columns);
        });
        statement.goes_through(Extent::Scan)
    }

    pub fn add_primary_key_by(self, table: &Ident, name: &Ident, index: &Ident) -> Statement {
        self.alter("ADD PRIMARY KEY", table, |w| {
            w.word("ADD CONSTRAINT ").ident(name).word(" PRIMARY KEY USING INDEX ").ident(index);
        })
    }

    pub fn add_foreign_key(self, table: &Ident, key: &ForeignKey, when: Checking) -> Statement {
        let statement = self.alter_under(ShareRowExclusive, "ADD FOREIGN KEY", table, |w| {
            w.word("ADD ").foreign_key(key).when(when);
        });
        let statement = checked(statement, when);
        match key.table == *table {
            true => statement,
            false => statement.locks_table(&key.table, ShareRowExclusive),
        }
    }

    pub fn create_index(self, table: &Table, index: &Index) -> Statement {
        self.index("CREATE INDEX", " ", table, index).locks_table(&table.name, Share)
    }

    /// The same while readers and writers go on. Not possible within a transaction.
    pub fn create_index_concurrently(self, table: &Table, index: &Index) -> Statement {
        let statement = self.index("CREATE INDEX CONCURRENTLY", " CONCURRENTLY ", table, index);
        statement.locks_table(&table.name, ShareUpdateExclusive)
    }

    fn index(self, message: &'static str, how: &'static str, table: &Table, index: &Index) -> Statement {
        let mut writer = self.writer();
        writer.word(if index.shape.unique { "CREATE UNIQUE INDEX" } else { "CREATE INDEX" }).word(how);
        writer.ident(&index.name).word(" ON ").relation(&table.name);
        if index.shape.method != IndexMethod::Btree {
            writer.word(" USING ").word(index.shape.method.as_str());
        }
        writer.word(" ").index_keys(&index.shape, table);
        if !index.shape.include.is_empty() {
            writer.word(" INCLUDE ").idents(&index.shape.include);
        }
        writer.index_predicate(&index.shape, table);
        writer.finish(message, Some(&table.name)).goes_through(Extent::Scan)
    }

    pub fn drop_index(self, table: &Ident, index: &Ident) -> Statement {
        let mut writer = self.writer();
        writer.word("DROP INDEX ").relation(index);
        writer.finish("DROP INDEX", Some(table)).locks_table(table, AccessExclusive)
    }

    /// The same while readers and writers go on. Not possible within a transaction.
    pub fn drop_index_concurrently(self, table: &Ident, index: &Ident) -> Statement {
        let mut writer = self.writer();
        writer.word("DROP INDEX CONCURRENTLY IF EXISTS ").relation(index);
        let statement = writer.finish("DROP INDEX CONCURRENTLY", Some(table));
        statement.locks_table(table, ShareUpdateExclusive)
    }

    /// Locks the index alone: its table is used meanwhile.
    pub fn rename_index(self, table: &Ident, from: &Ident, to: &Ident) -> Statement {
        let mut writer = self.writer();
        writer.word("ALTER INDEX ").relation(from).word(" RENAME TO ").ident(to);
        writer.finish("RENAME INDEX", Some(table))
    }
}

fn checked(statement: Statement, when: Checking) -> Statement {
    match when {
        Checking::Now => statement.goes_through(Extent::Scan),
        Checking::Later => statement,
    }
}

impl Writer<'_> {
    pub(super) fn values_check(&mut self, column: &Ident, values: &[String]) -> &mut Self {
        self.word("CONSTRAINT ").ident(&names::values_check(column)).word(" CHECK (");
        self.one_of(column, values).word(")")
    }

    /// `CONSTRAINT … FOREIGN KEY … REFERENCES …`
    pub(super) fn foreign_key(&mut self, key: &ForeignKey) -> &mut Self {
        self.word("CONSTRAINT ").ident(&key.name).word(" FOREIGN KEY ").idents(&key.columns);
        self.word(" REFERENCES ").relation(&key.table).word(" ").idents(&key.target).on_delete(key.on_delete)
    }

    /// The keys of an index in parentheses; an expression has parentheses of its own.
    pub(super) fn index_keys(&mut self, shape: &IndexShape, table: &Table) -> &mut Self {
        self.word("(").list(&shape.keys, |w, key| {
            match key {
                IndexKey::Column(column) => w.ident(column),
                IndexKey::Expression(expression) => w.word("(").expr(expression, table).word(")"),
            };
        });
        self.word(")")
    }

    pub(super) fn index_predicate(&mut self, shape: &IndexShape, table: &Table) -> &mut Self {
        match &shape.predicate {
            Some(predicate) => self.word(" WHERE ").expr(predicate, table),
            None => self,
        }
    }

    fn when(&mut self, when: Checking) -> &mut Self {
        self.word(match when {
            Checking::Now => "",
            Checking::Later => " NOT VALID",
        })
    }
}
