//! The schema model: what the physical schema of an organisation is, or shall be.
//!
//! Constraints and indexes are identified by what they are on, not by their
//! names: a name is kept so that the object can be found, but two schemas that
//! differ only in such names, or in the order of columns, are equal.

mod buried;
mod index;
pub mod names;
mod objects;
mod table;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub(crate) use buried::name as buried_name;
pub use buried::{BuriedColumn, BuriedTable, PREFIX as BURIED_PREFIX};
pub use index::{Index, IndexKey, IndexMethod, IndexShape};
pub use objects::{Check, DISABLED, ForeignKey, NOT_VALID, Unique};
pub use table::{COLLATE, Column, Table, Unread};

use crate::ident::Ident;
use crate::shared::Shared;

/// All tables of an organisation that Hookwright made or adopted.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Schema {
    /// By name. A table is shared until it is changed, and so is the map: a copy costs nothing.
    pub tables: Shared<Table>,
    /// Dropped tables that can come back, by the name they have in the database.
    #[serde(default, skip_serializing_if = "Shared::is_empty")]
    pub buried: Shared<BuriedTable>,
}

impl PartialEq for Schema {
    fn eq(&self, other: &Self) -> bool {
        let Self { tables, buried: _ } = self;
        *tables == other.tables
    }
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

    /// The tables as the database has them: with what is buried, by the names it has there.
    #[must_use]
    pub fn physical(&self) -> Self {
        let own =
            self.tables.iter().filter(|(_, t)| !t.buried.is_empty()).map(|(name, t)| (name, t.physical()));
        let buried = self.buried.iter().map(|(name, t)| (name, t.physical(name)));
        let mut tables = self.tables.clone();
        tables.extend(own.chain(buried).map(|(name, table)| (name.clone(), Arc::new(table))));
        Self { tables, buried: Shared::new() }
    }

    /// The names of those tables that [`Self::physical`] makes anew.
    pub(crate) fn with_buried(&self) -> impl Iterator<Item = &Ident> {
        let own = self.tables.iter().filter(|(_, table)| !table.buried.is_empty());
        own.map(|(name, _)| name).chain(self.buried.keys())
    }

    /// Whether a table, index or unique constraint has the name, or something that is dropped and kept had it.
    #[must_use]
    pub fn names_relation(&self, name: &Ident) -> bool {
        names::relation_taken(self, name)
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
