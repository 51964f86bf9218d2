//! The names of tables, indexes and unique constraints of a schema under change, counted, so that asking whether one
//! is free does not go through all tables: a change may make thousands.
//!
//! [`Model`](crate::model::Model) alone keeps it.

use std::collections::{BTreeSet, HashMap};

use crate::ident::Ident;
use crate::schema::{Schema, Table, names};

/// The names of relations, in lower case, by the table they are of: PostgreSQL has one space of names for them.
#[derive(Debug, Default)]
pub(crate) struct RelationNames {
    of: HashMap<Ident, Vec<String>>,
    count: HashMap<String, usize>,
    stale: BTreeSet<Ident>,
}

impl RelationNames {
    /// Those of a schema.
    pub fn new(schema: &Schema) -> Self {
        let stale = schema.tables.keys().chain(schema.buried.keys()).cloned().collect();
        Self { stale, ..Self::default() }
    }

    /// Notes that a table, by the name it has in the database, may have changed.
    pub fn touched(&mut self, table: &Ident) {
        self.stale.insert(table.clone());
    }

    /// Reads anew what was touched.
    pub fn refresh(&mut self, schema: &Schema) {
        for name in std::mem::take(&mut self.stale) {
            for gone in self.of.remove(&name).unwrap_or_default() {
                if let Some(count) = self.count.get_mut(&gone) {
                    *count -= 1;
                }
            }
            let buried = schema.buried.get(&name).map(|b| &b.table);
            let found: Vec<_> = schema.table(&name).into_iter().chain(buried).flat_map(lower).collect();
            found.iter().for_each(|name| *self.count.entry(name.clone()).or_default() += 1);
            self.of.insert(name, found);
        }
    }

    /// Whether something has the name.
    pub fn has(&self, name: &Ident) -> bool {
        self.count(name) > 0
    }

    /// Whether something outside a table has it.
    pub fn has_beside(&self, table: &Ident, name: &Ident) -> bool {
        let folded = name.as_str().to_ascii_lowercase();
        let own = self.of.get(table).map_or(0, |names| names.iter().filter(|n| **n == folded).count());
        self.count(name) > own
    }

    fn count(&self, name: &Ident) -> usize {
        self.count.get(&name.as_str().to_ascii_lowercase()).copied().unwrap_or_default()
    }
}

fn lower(table: &Table) -> Vec<String> {
    names::relations(table).map(|name| name.as_str().to_ascii_lowercase()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ident(text: &str) -> Ident {
        Ident::parse(text).expect("a name")
    }

    #[test]
    fn what_is_counted_is_what_a_look_through_all_tables_finds() {
        let mut schema = Schema::default();
        schema.insert(Table::new(ident("Invoice")));
        let mut known = RelationNames::new(&schema);
        known.refresh(&schema);
        assert!(known.has(&ident("invoice")) && known.has(&ident("INVOICE_PKEY")));
        assert!(!known.has_beside(&ident("Invoice"), &ident("invoice_pkey")));
        schema.tables.remove(&ident("Invoice"));
        schema.insert(Table::new(ident("bill")));
        known.touched(&ident("Invoice"));
        known.touched(&ident("bill"));
        known.refresh(&schema);
        for name in ["invoice", "invoice_pkey", "bill", "bill_pkey"].map(ident) {
            assert_eq!(known.has(&name), names::relation_taken(&schema, &name), "{}", name.as_str());
        }
    }
}
