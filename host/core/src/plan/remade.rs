//! Foreign keys that are made anew: because the key that they rest on goes, though another takes its place, or because the
//! columns on both sides get other types.
//!
//! PostgreSQL ties a foreign key to the very constraint or index that it found when it was made, and holds two columns
//! together that change one after the other. The planner asks for this once it knows what differs.

use std::collections::{BTreeMap, BTreeSet};

use super::delta::{Delta, Kept};
use super::names::Names;
use crate::ident::Ident;
use crate::schema::ForeignKey;

impl<'a> Delta<'a> {
    /// Has the foreign keys made anew that a key or a type of this change breaks.
    pub fn with_references_remade(self, names: &Names<'a>) -> Self {
        self.with_keys_remade(names).with_types_remade()
    }

    fn with_types_remade(mut self) -> Self {
        let retyped = |kept: &Kept| -> BTreeSet<Ident> {
            let differ = kept.columns_kept().filter(|(was, now)| !was.same_type(now));
            differ.map(|(_, now)| now.name.clone()).collect()
        };
        let retyped: BTreeMap<_, _> =
            self.kept.iter().map(|kept| (kept.after.name.clone(), retyped(kept))).collect();
        let has = |table: &Ident, column: &Ident| retyped.get(table).is_some_and(|all| all.contains(column));
        for kept in &mut self.kept {
            let table = &kept.after.name;
            let both = |key: &ForeignKey| {
                let mut pairs = key.columns.iter().zip(&key.target);
                pairs.any(|(column, target)| has(table, column) && has(&key.table, target))
            };
            kept.remake(both);
        }
        self
    }

    fn with_keys_remade(mut self, names: &Names<'a>) -> Self {
        let lost: Vec<_> = self.kept.iter().map(|k| (k.after.name.clone(), k.lost_keys())).collect();
        let lost: Vec<_> = lost.into_iter().filter(|(_, keys)| !keys.is_empty()).collect();
        let rests_on_lost = |key: &ForeignKey| {
            lost.iter().any(|(table, keys)| key.table == *table && keys.iter().any(|k| alike(k, &key.target)))
        };
        if lost.is_empty() {
            return self;
        }
        for (before, after) in names.pairs() {
            let known = self.kept.iter().any(|k| k.after.name == after.name);
            if !known && after.foreign_keys.iter().any(rests_on_lost) {
                self.kept.push(Kept::of(before, after, names));
            }
        }
        self.kept.iter_mut().for_each(|kept| kept.remake(rests_on_lost));
        self
    }
}

impl Kept<'_> {
    /// Has some foreign keys, by their names of afterwards, go before anything else and come back at the end.
    fn remake(&mut self, is_broken: impl Fn(&ForeignKey) -> bool) {
        let before = self.before;
        for gone in self.moved.foreign_keys.extract_if(.., |key| is_broken(key)) {
            self.gone.foreign_keys.extend(before.foreign_keys.iter().filter(|key| key.name == gone.name));
        }
    }

    /// Whether a key over these columns, by their names of afterwards, goes.
    pub fn loses_key(&self, columns: &[Ident]) -> bool {
        self.lost_keys().iter().any(|key| alike(key, columns))
    }

    /// The columns of keys that go, by their names of afterwards.
    fn lost_keys(&self) -> Vec<Vec<Ident>> {
        let (before, gone) = (self.before, &self.gone);
        let primary = gone.primary_key.iter().map(|_| before.primary_key.clone());
        let uniques =
            before.uniques.iter().filter(|u| gone.uniques.contains(&&u.name)).map(|u| u.columns.clone());
        let indexes = gone.indexes.iter().filter_map(|i| i.shape.key_columns().filter(|c| i.shape.is_key(c)));
        let now = |column: Ident| {
            let renamed = self.renamed.iter().find(|(from, _)| *from == column);
            renamed.map_or(column, |(_, to)| to.clone())
        };
        primary.chain(uniques).chain(indexes).map(|key| key.into_iter().map(now).collect()).collect()
    }
}

/// Whether the same columns are named, in whatever order.
fn alike(one: &[Ident], other: &[Ident]) -> bool {
    one.len() == other.len() && one.iter().all(|column| other.contains(column))
}
