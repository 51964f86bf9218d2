//! A rendered statement. Only this module's siblings can make one, so whoever
//! holds a [`Statement`] holds SQL that the writer wrote.

use serde::{Serialize, Serializer};

use super::hazard::{Extent, TableLock};
use super::kind::StatementKind;
use crate::ident::Ident;
use crate::model::Fill;
use crate::schema::Table;

/// A database's way of writing SQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Dialect {
    /// PostgreSQL 13 or later; an organisation is a schema.
    Postgres,
    /// SQLite 3.35 or later; an organisation is a file.
    Sqlite,
}

/// One SQL statement, with what the log says of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    sql: String,
    message: &'static str,
    kind: Option<StatementKind>,
    table: Option<Ident>,
    fields: Vec<Ident>,
    locks: Vec<TableLock>,
    extent: Extent,
}

impl Statement {
    pub(super) fn new(sql: String, message: &'static str, table: Option<Ident>, fields: Vec<Ident>) -> Self {
        Self { sql, message, kind: None, table, fields, locks: Vec::new(), extent: Extent::Nothing }
    }

    /// Declares what it is for PostgreSQL, and thereby what it does to the users of its table.
    pub(super) fn of_kind(mut self, kind: StatementKind) -> Self {
        self.kind = Some(kind);
        self.extent = kind.extent();
        if let (Some(level), Some(table)) = (kind.lock(), self.table.clone()) {
            self.locks.push(TableLock { table, level });
        }
        self
    }

    /// Tables, besides its own, that its foreign keys refer to.
    pub(super) fn refers_to<'t>(mut self, tables: impl IntoIterator<Item = &'t Ident>) -> Self {
        let Some(level) = self.kind.and_then(StatementKind::other_lock) else { return self };
        for table in tables {
            let known = self.table.as_ref() == Some(table) || self.locks.iter().any(|l| l.table == *table);
            if !known {
                self.locks.push(TableLock { table: table.clone(), level });
            }
        }
        self
    }

    /// Declares how much of its table it goes through, on SQLite.
    pub(super) fn goes_through(mut self, extent: Extent) -> Self {
        self.extent = extent;
        self
    }

    /// What it is, on PostgreSQL.
    #[must_use]
    pub fn kind(&self) -> Option<StatementKind> {
        self.kind
    }

    /// The locks it takes on tables that are there, on PostgreSQL, until its transaction ends.
    #[must_use]
    pub fn locks(&self) -> &[TableLock] {
        &self.locks
    }

    /// How much of its table it goes through.
    #[must_use]
    pub fn extent(&self) -> Extent {
        self.extent
    }

    /// The SQL, without a closing semicolon.
    #[must_use]
    pub fn sql(&self) -> &str {
        &self.sql
    }

    /// What it does, such as `CREATE TABLE`.
    #[must_use]
    pub fn message(&self) -> &'static str {
        self.message
    }

    /// The table it is on.
    #[must_use]
    pub fn table(&self) -> Option<&Ident> {
        self.table.as_ref()
    }

    /// The columns it names.
    #[must_use]
    pub fn fields(&self) -> &[Ident] {
        &self.fields
    }
}

impl Serialize for Statement {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.sql)
    }
}

/// A table made anew with its rows, for what SQLite's `ALTER TABLE` cannot do.
#[derive(Debug, Clone, PartialEq)]
pub struct Rebuild {
    /// The table as it must be found before; anything else on it would be lost, so the executor compares.
    pub before: Table,
    /// The table as it will be.
    pub after: Table,
    /// The columns that are copied, by their names of both.
    pub(super) kept: Vec<Ident>,
    /// What gives new columns their values.
    pub(super) fills: Vec<Fill>,
    /// Makes the new table under a passing name, copies, drops the old, renames.
    pub swap: Vec<Statement>,
    /// Makes the indexes of the new table.
    pub indexes: Vec<Statement>,
}

/// A column that a rebuild takes along as it is, since the model has no word for it. Whoever runs the rebuild makes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Carried {
    /// Its name.
    pub name: Ident,
    /// Whether it is computed, so that its values are not copied.
    pub computed: bool,
}

/// What a table of SQLite is besides that the model has no word for, and a rebuild makes it with again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TableOption {
    /// Values are of their columns' types.
    Strict,
    /// Rows are kept by their key.
    WithoutRowid,
    /// The key is counted up, and no number of a row that is gone is given again.
    Autoincrement,
}

impl TableOption {
    /// As the text of a table has it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Strict => "STRICT",
            Self::WithoutRowid => "WITHOUT ROWID",
            Self::Autoincrement => "AUTOINCREMENT",
        }
    }

    /// The option of some words.
    #[must_use]
    pub fn parse(words: &str) -> Option<Self> {
        let all = [Self::Strict, Self::WithoutRowid, Self::Autoincrement];
        all.into_iter().find(|option| option.as_str().eq_ignore_ascii_case(words))
    }
}

/// One step of a plan.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// A statement by itself.
    Statement(Statement),
    /// SQLite only; runs with foreign keys off.
    Rebuild(Box<Rebuild>),
}

impl Step {
    /// Its statements in order, as a plan shows them.
    pub fn statements(&self) -> impl Iterator<Item = &Statement> {
        let (one, many, more) = match self {
            Self::Statement(statement) => (Some(statement), [].iter(), [].iter()),
            Self::Rebuild(rebuild) => (None, rebuild.swap.iter(), rebuild.indexes.iter()),
        };
        one.into_iter().chain(many).chain(more)
    }
}
