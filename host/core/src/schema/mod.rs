//! The schema model: what the physical schema of an organisation is, or shall be.
//!
//! Constraints and indexes are identified by what they are on, not by their
//! names: a name is kept so that the object can be found, but two schemas that
//! differ only in such names, or in the order of columns, are equal.

pub mod names;
mod objects;
mod table;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use objects::{Check, ForeignKey, Index, Unique};
pub use table::{Column, Table};

use crate::ident::Ident;

/// All tables of an organisation that Hookwright made or adopted.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Schema {
    /// By name. A table is shared until it is changed.
    pub tables: BTreeMap<Ident, Arc<Table>>,
}

impl Schema {
    /// A table, by its exact name.
    #[must_use]
    pub fn table(&self, name: &Ident) -> Option<&Table> {
        self.tables.get(name).map(AsRef::as_ref)
    }

    /// A table to change; copied if another schema shares it.
    pub fn table_mut(&mut self, name: &Ident) -> Option<&mut Table> {
        self.tables.get_mut(name).map(Arc::make_mut)
    }

    /// A table whose name collides with `name` when case does not count.
    #[must_use]
    pub fn colliding_table(&self, name: &Ident) -> Option<&Table> {
        match self.table(name) {
            Some(table) => Some(table),
            None => self.tables.values().find(|t| t.name.collides(name)).map(AsRef::as_ref),
        }
    }

    /// Adds a table, or puts it in the place of one of that name.
    pub fn insert(&mut self, table: Table) {
        self.tables.insert(table.name.clone(), Arc::new(table));
    }

    /// Foreign keys of other tables that refer to `table`, with the table they are on.
    pub fn references_to<'a>(
        &'a self,
        table: &'a Ident,
    ) -> impl Iterator<Item = (&'a Table, &'a ForeignKey)> {
        let others = self.tables.values().filter(move |t| t.name != *table);
        others.flat_map(move |t| {
            t.foreign_keys.iter().filter(move |k| k.table == *table).map(move |k| (t.as_ref(), k))
        })
    }
}
