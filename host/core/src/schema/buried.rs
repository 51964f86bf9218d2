//! Tombstones: what was dropped and can come back. The rows and values stay in
//! the database under another name; what was on them is remembered here.
//!
//! A tombstone is no part of the schema's equality: metadata do not call for it.

use serde::{Deserialize, Serialize};

use super::{Check, Column, ForeignKey, Index, Table, Unique};
use crate::ident::Ident;

/// How the names of what is buried begin; no other table or column may be called so.
pub const PREFIX: &str = "hookwright_dropped_";

/// A dropped column. Its key in [`Table::buried`] is the name it has in the database.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BuriedColumn {
    /// The column as it was, by its old name.
    pub column: Column,
    /// Unique constraints that went with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub uniques: Vec<Unique>,
    /// Foreign keys that went with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub foreign_keys: Vec<ForeignKey>,
    /// Checks that went with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub checks: Vec<Check>,
    /// Indexes that went with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub indexes: Vec<Index>,
}

/// A dropped table. Its key in [`super::Schema::buried`] is the name it has in the database.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BuriedTable {
    /// The table as it was, by its old name. Its foreign keys are gone from the
    /// database, so that what it referred to is free; all else is there still.
    pub table: Table,
}

impl BuriedColumn {
    /// A column that nothing was on, or whose constraints went over to another.
    #[must_use]
    pub fn alone(column: Column) -> Self {
        let (uniques, foreign_keys) = (Vec::new(), Vec::new());
        Self { column, uniques, foreign_keys, checks: Vec::new(), indexes: Vec::new() }
    }

    /// The column as the database has it: it asks nothing of new rows.
    #[must_use]
    pub fn physical(&self, name: &Ident) -> Column {
        Column { name: name.clone(), nullable: true, ..self.column.clone() }
    }
}

impl BuriedTable {
    /// The table as the database has it.
    #[must_use]
    pub fn physical(&self, name: &Ident) -> Table {
        Table { name: name.clone(), foreign_keys: Vec::new(), ..self.table.physical() }
    }
}

/// A name in the database for something buried, free among `taken`.
pub(crate) fn name(of: &Ident, taken: impl Fn(&Ident) -> bool) -> Ident {
    let candidate = |n: u32| {
        let start = format!("{PREFIX}{n}_");
        let room = crate::ident::MAX_BYTES - start.len();
        Ident::from_parts(format!("{start}{}", &of.as_str()[..of.as_str().len().min(room)]))
    };
    (1..).map(candidate).find(|name| !taken(name)).unwrap_or_else(|| candidate(0))
}
