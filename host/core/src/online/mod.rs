//! Steps of a change that run outside its transaction, so that the users of a large table go on.
//!
//! They are kept in the journal as these values, not as SQL, and written anew by
//! whoever goes on with them. Each can be run again after a crash, and undone.

mod postgres;

use serde::{Deserialize, Serialize};

use crate::ddl::Statement;
use crate::field_type::FieldType;
use crate::ident::{Ident, OrgName};
use crate::model::Fill;
use crate::schema::{Check, Column, ForeignKey, Index, Schema};

/// A step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "kebab-case")]
#[allow(missing_docs)]
pub enum OnlineStep {
    /// A new column, without checks.
    AddColumn { table: Ident, column: Column },
    /// A column that will take another's place, and a trigger that keeps it filled.
    AddShadow { column: Column, fill: Fill },
    /// Values for the rows that are there, some blocks of the table at a time; `to` is what foreign keys on the
    /// column refer to.
    Fill {
        column: Column,
        fill: Fill,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        to: Vec<Ident>,
    },
    /// A check that a column has a value; it stands in for NOT NULL.
    Require { table: Ident, column: Ident },
    /// The check of an `Enum`, for new rows only.
    AddValues { table: Ident, column: Ident, values: Vec<String> },
    /// A check, for new rows only.
    AddCheck { table: Ident, check: Check },
    /// A foreign key, for new rows only.
    AddForeignKey { table: Ident, key: ForeignKey },
    /// The rows that are there, checked; `to` is what a foreign key refers to.
    Validate { table: Ident, constraint: Ident, to: Option<Ident> },
    /// An index, built beside readers and writers.
    BuildIndex { table: Ident, index: Index },
    /// An index that goes, beside readers and writers.
    DropIndex { table: Ident, index: Index },
}

/// How a step is run.
#[derive(Debug, Clone, PartialEq)]
pub enum Run {
    /// In one short transaction, with the journal's note that it is done.
    Short(Vec<Statement>),
    /// By itself, for as long as it takes; it blocks nobody. Safe to repeat.
    Long(Statement),
    /// Outside a transaction, for as long as it takes. If it fails it leaves an invalid index of that name.
    Index {
        /// Builds it.
        run: Statement,
        /// Its name.
        name: Ident,
        /// Removes what a failed attempt left.
        clean: Statement,
    },
    /// Outside a transaction, for as long as it takes. Safe to repeat.
    Outside(Statement),
    /// In batches, each in a transaction of its own.
    Batches(Batches),
}

/// A step that goes through a table some blocks at a time, until a pass over all of them finds nothing left.
#[derive(Debug, Clone, PartialEq)]
pub struct Batches {
    org: OrgName,
    column: Column,
    fill: Fill,
    to: Vec<Ident>,
}

impl Batches {
    /// The table.
    #[must_use]
    pub fn table(&self) -> &Ident {
        &self.fill.table
    }

    /// Fills the rows of blocks from `first` on and before `end`.
    #[must_use]
    pub fn statement(&self, first: u64, end: u64) -> Statement {
        postgres::fill_blocks(self, first, end)
    }
}

impl OnlineStep {
    /// The table it is on.
    #[must_use]
    pub fn table(&self) -> &Ident {
        match self {
            Self::AddColumn { table, .. }
            | Self::Require { table, .. }
            | Self::AddValues { table, .. }
            | Self::AddCheck { table, .. }
            | Self::AddForeignKey { table, .. }
            | Self::Validate { table, .. }
            | Self::BuildIndex { table, .. }
            | Self::DropIndex { table, .. } => table,
            Self::AddShadow { fill, .. } | Self::Fill { fill, .. } => &fill.table,
        }
    }

    /// What it is, for people.
    #[must_use]
    pub fn title(&self) -> &'static str {
        match self {
            Self::AddColumn { .. } => "add column",
            Self::AddShadow { .. } => "add the column that takes its place",
            Self::Fill { .. } => "fill in batches",
            Self::Require { .. } | Self::AddValues { .. } | Self::AddCheck { .. } => "add check, unvalidated",
            Self::AddForeignKey { .. } => "add foreign key, unvalidated",
            Self::Validate { .. } => "validate",
            Self::BuildIndex { .. } => "build index",
            Self::DropIndex { .. } => "drop index",
        }
    }

    /// Why it is done this way.
    #[must_use]
    pub fn why(&self) -> &'static str {
        match self {
            Self::AddColumn { .. } => "something is built on it before the change is committed",
            Self::AddShadow { .. } => {
                "changing the type in place would write the whole table anew under a lock"
            }
            Self::Fill { .. } => {
                "one update of all rows would hold their locks for long, and bloat the table"
            }
            Self::Require { .. } => {
                "SET NOT NULL trusts a validated check, and need not read the table under its lock"
            }
            Self::AddValues { .. } | Self::AddCheck { .. } | Self::AddForeignKey { .. } => {
                "checking the rows at once would read the table under a strong lock"
            }
            Self::Validate { .. } => "reads the table while readers and writers go on",
            Self::BuildIndex { .. } => "CREATE INDEX would block writers until it is built",
            Self::DropIndex { .. } => "DROP INDEX would wait for every reader under the strongest lock",
        }
    }

    /// The index that is there, and valid, once it is done.
    #[must_use]
    pub fn index(&self) -> Option<&Ident> {
        match self {
            Self::BuildIndex { index, .. } => Some(&index.name),
            _ => None,
        }
    }

    /// How it is run.
    #[must_use]
    pub fn run(&self, org: &OrgName) -> Run {
        postgres::run(self, org)
    }

    /// Takes what it made out of a schema that was read after it was done: the change it belongs to is still to make it.
    pub fn unread(&self, schema: &mut Schema) {
        let Some(table) = schema.table_mut(self.table()) else { return };
        match self {
            Self::AddColumn { column, .. } | Self::AddShadow { column, .. } => {
                table.columns.shift_remove(&column.name);
            }
            Self::AddValues { column, values, .. } => {
                let is_it = |of: &&mut Column| of.ty.values().is_some_and(|known| known == values);
                if let Some(column) = table.columns.get_mut(column).filter(is_it) {
                    column.ty = FieldType::Text;
                    column.unread = None;
                }
            }
            Self::AddCheck { check, .. } => table.checks.retain(|known| known.name != check.name),
            Self::AddForeignKey { key, .. } => table.foreign_keys.retain(|known| known.name != key.name),
            Self::BuildIndex { index, .. } => table.indexes.retain(|known| known.name != index.name),
            // A check that stands in for NOT NULL is in nobody's model.
            Self::Require { .. } | Self::Fill { .. } | Self::Validate { .. } | Self::DropIndex { .. } => {}
        }
    }

    /// What takes it back, whatever of it was done; in one short transaction.
    #[must_use]
    pub fn undo(&self, org: &OrgName) -> Vec<Statement> {
        postgres::undo(self, org)
    }
}
