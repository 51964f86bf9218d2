//! The names of tables, indexes and unique constraints of a schema under change, counted, so that asking whether one
//! is free does not go through all tables: a change may make thousands.
//!
//! [`Model`](crate::model::Model) keeps it; whoever begins a model where another ended may hand it on.

use imbl::{HashMap, OrdSet, Vector};

use crate::ident::Ident;
use crate::schema::{Schema, Table, names};

/// The names of relations, in lower case, by the table they are of: PostgreSQL has one space of names for them.
/// A copy costs nothing.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RelationNames {
    of: HashMap<Ident, Vector<String>>,
    count: HashMap<String, usize>,
    stale: OrdSet<Ident>,
}

impl RelationNames {
    /// Those of a schema.
    pub(crate) fn new(schema: &Schema) -> Self {
        let stale = schema.tables.keys().chain(schema.buried.keys()).cloned().collect();
        Self { stale, ..Self::default() }
    }

    /// Notes that a table, by the name it has in the database, may have changed.
    pub(crate) fn touched(&mut self, table: &Ident) {
        self.stale.insert(table.clone());
    }

    /// Notes a name that is new on a table, on which nothing else changes.
    pub(crate) fn made(&mut self, table: &Ident, name: &Ident) {
        if !self.stale.contains(table) {
            let name = folded(name);
            *self.count.entry(name.clone()).or_default() += 1;
            self.of.entry(table.clone()).or_default().push_back(name);
        }
    }

    /// Reads anew what was touched.
    pub(crate) fn refresh(&mut self, schema: &Schema) {
        for name in std::mem::take(&mut self.stale) {
            for gone in self.of.remove(&name).iter().flat_map(|names| names.iter()) {
                match self.count.get_mut(gone) {
                    Some(count) if *count > 1 => *count -= 1,
                    _ => drop(self.count.remove(gone)),
                }
            }
            let buried = schema.buried.get(&name).map(|b| &b.table);
            let found: Vector<_> = schema.table(&name).into_iter().chain(buried).flat_map(lower).collect();
            found.iter().for_each(|name| *self.count.entry(name.clone()).or_default() += 1);
            if !found.is_empty() {
                self.of.insert(name, found);
            }
        }
    }

    /// Whether something has the name.
    pub(crate) fn has(&self, name: &Ident) -> bool {
        self.count(name) > 0
    }

    /// Whether something outside a table has it.
    pub(crate) fn has_beside(&self, table: &Ident, name: &Ident) -> bool {
        let folded = folded(name);
        let own = self.of.get(table).map_or(0, |names| names.iter().filter(|n| **n == folded).count());
        self.count(name) > own
    }

    fn count(&self, name: &Ident) -> usize {
        self.count.get(&folded(name)).copied().unwrap_or_default()
    }
}

fn lower(table: &Table) -> Vec<String> {
    names::relations(table).map(|name| folded(&name)).collect()
}

fn folded(name: &Ident) -> String {
    name.as_str().to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::Model;

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
        schema.tables.remove(&ident("bill"));
        known.touched(&ident("bill"));
        known.refresh(&schema);
        assert_eq!(known, RelationNames::default(), "nothing is kept of what is gone");
    }

    #[test]
    fn a_name_that_is_added_is_known_without_a_look_at_its_table() {
        let mut schema = Schema::default();
        schema.insert(Table::new(ident("bill")));
        let mut known = RelationNames::new(&schema);
        known.made(&ident("bill"), &ident("early"));
        known.refresh(&schema);
        assert!(!known.has(&ident("early")), "its table was to be read anyway");
        known.made(&ident("bill"), &ident("Bill_a_idx"));
        assert!(known.has(&ident("bill_A_idx")) && !known.has_beside(&ident("bill"), &ident("bill_a_idx")));
        known.touched(&ident("bill"));
        known.refresh(&schema);
        assert!(!known.has(&ident("bill_a_idx")), "it counts once");
    }

    #[test]
    fn a_model_that_begins_where_another_ended_knows_its_names() {
        let mut first = Model::new(Arc::default());
        ["invoice", "bill"].map(ident).into_iter().for_each(|name| first.insert_table(Table::new(name)));
        assert!(first.known_names().is_none(), "nobody asked yet");
        assert!(first.names_relation(&ident("bill_pkey")));
        first.rename_table(&ident("bill"), &ident("note")).expect("renamed");
        let names = first.known_names();
        assert!(names.is_some());
        let mut second = Model::new(first.shared_schema()).knowing(names);
        second.remove_table(&ident("invoice"));
        for name in ["invoice", "invoice_pkey", "bill", "note", "note_pkey"].map(ident) {
            let taken = names::relation_taken(second.schema(), &name);
            assert_eq!(second.names_relation(&name), taken, "{}", name.as_str());
        }
    }
}
