//! PostgreSQL's statements on constraints and indexes, one function each.

use super::postgres::Postgres;
use super::{Statement, StatementKind as Kind, Writer};
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
        let kind = if to.is_some() { Kind::DropForeignKey } else { Kind::DropConstraint };
        let statement = self.alter(kind, table, |w| {
            w.word("DROP CONSTRAINT ").ident(name);
        });
        statement.refers_to(to)
    }

    pub fn rename_constraint(self, table: &Ident, from: &Ident, to: &Ident) -> Statement {
        self.alter(Kind::RenameConstraint, table, |w| {
            w.word("RENAME CONSTRAINT ").ident(from).word(" TO ").ident(to);
        })
    }

    pub fn validate(self, table: &Ident, name: &Ident, to: Option<&Ident>) -> Statement {
        let kind = if to.is_some() { Kind::ValidateForeignKey } else { Kind::ValidateCheck };
        let statement = self.alter(kind, table, |w| {
            w.word("VALIDATE CONSTRAINT ").ident(name);
        });
        statement.refers_to(to)
    }

    /// The check that keeps a column to the values of its `Enum`.
    pub fn add_values(self, table: &Ident, column: &Ident, values: &[String], when: Checking) -> Statement {
        self.alter(checking(when), table, |w| {
            w.word("ADD ").values_check(column, values).when(when);
        })
    }

    pub fn add_check(self, table: &Table, check: &Check, when: Checking) -> Statement {
        self.alter(checking(when), &table.name, |w| {
            w.word("ADD CONSTRAINT ").ident(&check.name).word(" CHECK (").expr(&check.expression, table);
            w.word(")").when(when);
        })
    }

    /// A check that a column has a value, which spares `SET NOT NULL` its scan. Never validated at once.
    pub fn add_required(self, table: &Ident, column: &Ident) -> Statement {
        self.alter(Kind::AddCheckUnvalidated, table, |w| {
            w.word("ADD CONSTRAINT ").ident(&names::required_check(column)).word(" CHECK (").column(column);
            w.word(" IS NOT NULL)").when(Checking::Later);
        })
    }

    pub fn add_unique(self, table: &Ident, unique: &Unique) -> Statement {
        self.alter(Kind::AddUnique, table, |w| {
            w.word("ADD CONSTRAINT ").ident(&unique.name).word(" UNIQUE ").idents(&unique.columns);
        })
    }

    /// Makes a unique index, which then bears the constraint's name, a unique constraint.
    pub fn add_unique_by(self, table: &Ident, name: &Ident, index: &Ident) -> Statement {
        self.alter(Kind::AddUniqueByIndex, table, |w| {
            w.word("ADD CONSTRAINT ").ident(name).word(" UNIQUE USING INDEX ").ident(index);
        })
    }

    pub fn add_primary_key(self, table: &Ident, name: &Ident, columns: &[Ident]) -> Statement {
        self.alter(Kind::AddPrimaryKey, table, |w| {
            w.word("ADD CONSTRAINT ").ident(name).word(" PRIMARY KEY ").idents(columns);
        })
    }

    pub fn add_primary_key_by(self, table: &Ident, name: &Ident, index: &Ident) -> Statement {
        self.alter(Kind::AddPrimaryKeyByIndex, table, |w| {
            w.word("ADD CONSTRAINT ").ident(name).word(" PRIMARY KEY USING INDEX ").ident(index);
        })
    }

    pub fn add_foreign_key(self, table: &Ident, key: &ForeignKey, when: Checking) -> Statement {
        let kind = match when {
            Checking::Now => Kind::AddForeignKey,
            Checking::Later => Kind::AddForeignKeyUnvalidated,
        };
        let statement = self.alter(kind, table, |w| {
            w.word("ADD ").foreign_key(key).when(when);
        });
        statement.refers_to([&key.table])
    }

    pub fn create_index(self, table: &Table, index: &Index) -> Statement {
        self.index(Kind::CreateIndex, " ", table, index)
    }

    /// The same, whatever there is of it.
    pub fn drop_index_if_there(self, table: &Ident, index: &Ident) -> Statement {
        let mut writer = self.writer();
        writer.word("DROP INDEX IF EXISTS ").relation(index);
        writer.done(Kind::DropIndex, table)
    }

    /// The same while readers and writers go on. Not possible within a transaction.
    pub fn create_index_concurrently(self, table: &Table, index: &Index) -> Statement {
        self.index(Kind::CreateIndexConcurrently, " CONCURRENTLY ", table, index)
    }

    fn index(self, kind: Kind, how: &'static str, table: &Table, index: &Index) -> Statement {
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
        writer.done(kind, &table.name)
    }

    pub fn drop_index(self, table: &Ident, index: &Ident) -> Statement {
        let mut writer = self.writer();
        writer.word("DROP INDEX ").relation(index);
        writer.done(Kind::DropIndex, table)
    }

    /// The same while readers and writers go on. Not possible within a transaction.
    pub fn drop_index_concurrently(self, table: &Ident, index: &Ident) -> Statement {
        let mut writer = self.writer();
        writer.word("DROP INDEX CONCURRENTLY IF EXISTS ").relation(index);
        writer.done(Kind::DropIndexConcurrently, table)
    }

    /// Locks the index alone: its table is used meanwhile.
    pub fn rename_index(self, table: &Ident, from: &Ident, to: &Ident) -> Statement {
        let mut writer = self.writer();
        writer.word("ALTER INDEX ").relation(from).word(" RENAME TO ").ident(to);
        writer.done(Kind::RenameIndex, table)
    }
}

fn checking(when: Checking) -> Kind {
    match when {
        Checking::Now => Kind::AddCheck,
        Checking::Later => Kind::AddCheckUnvalidated,
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

    /// `CONSTRAINT … REFERENCES …`, within the definition of a column.
    pub(super) fn referring(&mut self, key: &ForeignKey) -> &mut Self {
        self.word("CONSTRAINT ").ident(&key.name).word(" REFERENCES ").relation(&key.table).word(" ");
        self.idents(&key.target).on_delete(key.on_delete)
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
