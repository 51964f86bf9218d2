//! Tombstones: what was dropped and can come back. The rows and values stay in
//! the database under another name; what was on them is remembered here.
//!
//! A tombstone is no part of the schema's equality: metadata do not call for it.

use serde::{Deserialize, Serialize};

use super::{Check, Column, ForeignKey, Index, Schema, Table, Unique};
use crate::ident::Ident;

/// How the names of what is buried begin; no other table or column may be called so.
pub const PREFIX: &str = "hookwright_dropped_";

/// A dropped column. Its key in [`Table::buried`] is the name it has in the database.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BuriedColumn {
    /// The column as it was, by its old name.
    pub column: Column,
    /// Its place among the columns that the database has: it comes back there.
    pub position: usize,
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
    pub fn alone(column: Column, position: usize) -> Self {
        let (uniques, foreign_keys) = (Vec::new(), Vec::new());
        Self { column, position, uniques, foreign_keys, checks: Vec::new(), indexes: Vec::new() }
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

impl Table {
    /// The column of that name that is kept: under this name in the database, or else the one dropped last.
    #[must_use]
    pub fn buried_column(&self, name: &Ident, kept: Option<&Ident>) -> Option<(&Ident, &BuriedColumn)> {
        let of_name = self.buried.iter().filter(|(_, b)| b.column.name == *name);
        of_name.filter(|(key, _)| kept.is_none_or(|kept| kept == *key)).max_by_key(|(key, _)| number(key))
    }

    /// Buries a column that is taken out already.
    pub(crate) fn bury(&mut self, name: Ident, column: BuriedColumn) {
        self.buried.insert(name, column);
    }

    /// A column is gone from this place in the database: those behind it move up.
    pub(crate) fn close_gap(&mut self, place: usize) {
        self.buried.values_mut().filter(|b| b.position > place).for_each(|b| b.position -= 1);
    }

    /// Takes on the order that the database has the columns in, by the names that they have there.
    pub(crate) fn reorder(&mut self, order: &[Ident]) {
        let place = |name: &Ident| order.iter().position(|other| other == name).unwrap_or(order.len());
        self.columns.sort_by_key(|name, _| place(name));
        self.buried.iter_mut().for_each(|(name, buried)| buried.position = place(name));
    }

    /// Where a buried column belongs among those that are not.
    #[must_use]
    pub fn place_of(&self, buried: &BuriedColumn) -> usize {
        let before = self.buried.values().filter(|b| b.position < buried.position).count();
        buried.position.saturating_sub(before).min(self.columns.len())
    }
}

impl Schema {
    /// The table of that name that is kept: under this name in the database, or else the one dropped last.
    #[must_use]
    pub fn buried_table(&self, name: &Ident, kept: Option<&Ident>) -> Option<(&Ident, &BuriedTable)> {
        let of_name = self.buried.iter().filter(|(_, b)| b.table.name == *name);
        let found = of_name
            .filter(|(key, _)| kept.is_none_or(|kept| kept == *key))
            .max_by_key(|(key, _)| number(key));
        found.map(|(key, b)| (key, b.as_ref()))
    }
}

/// A name in the database for something buried. Its number is higher than those of all that are kept, so that
/// numbers tell what was dropped last.
pub(crate) fn name<'a>(of: &Ident, kept: impl Iterator<Item = &'a Ident>) -> Ident {
    let next = kept.map(number).max().unwrap_or_default().saturating_add(1);
    let start = format!("{PREFIX}{next}_");
    let room = crate::ident::MAX_BYTES - start.len();
    Ident::from_parts(format!("{start}{}", &of.as_str()[..of.as_str().len().min(room)]))
}

/// In the order in which they were buried; 0 for what is not.
fn number(physical: &Ident) -> u32 {
    let rest = physical.as_str().strip_prefix(PREFIX).unwrap_or_default();
    rest.split('_').next().and_then(|n| n.parse().ok()).unwrap_or_default()
}
