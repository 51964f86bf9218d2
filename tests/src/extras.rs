//! Columns and indexes that a test put into managed tables by hand: they must survive whatever the host does.
//!
//! For `world.rs` and the scenarios.

use std::collections::BTreeSet;
use std::sync::Arc;

use hookwright_core::schema::{Schema, Table};

/// Table, and the name of a column or index on it.
#[derive(Debug, Default)]
pub struct Extras {
    found: BTreeSet<(String, String)>,
}

impl Extras {
    /// What is physically there and not in the model.
    pub fn of(model: &Schema, physical: &Schema) -> Self {
        let extra = |table: &Table| {
            let known = model.tables.get(&table.name).map(|t| parts(t)).unwrap_or_default();
            let extra: Vec<_> = parts(table).difference(&known).cloned().collect();
            let name = table.name.as_str().to_owned();
            extra.into_iter().map(move |part| (name.clone(), part))
        };
        Self { found: physical.tables.values().flat_map(|t| extra(t)).collect() }
    }

    /// The schema without them.
    ///
    /// # Errors
    /// If one of them is gone.
    pub fn taken_from(&self, physical: &Schema) -> Result<Schema, String> {
        for (table, part) in &self.found {
            let there = physical.tables.values().any(|t| t.name.as_str() == table && parts(t).contains(part));
            if !there {
                return Err(format!("\"{part}\" of \"{table}\", which the test made, is gone"));
            }
        }
        let tables =
            physical.tables.iter().map(|(name, table)| (name.clone(), Arc::new(self.without(table))));
        Ok(Schema { tables: tables.collect(), ..Schema::default() })
    }

    fn without(&self, table: &Table) -> Table {
        let stays = |part: &str| !self.found.contains(&(table.name.as_str().to_owned(), part.to_owned()));
        let mut table = table.clone();
        table.columns.retain(|name, _| stays(name.as_str()));
        table.indexes.retain(|index| stays(index.name.as_str()));
        table
    }
}

fn parts(table: &Table) -> BTreeSet<String> {
    let columns = table.columns.keys().map(|name| name.as_str().to_owned());
    columns.chain(table.indexes.iter().map(|index| index.name.as_str().to_owned())).collect()
}
