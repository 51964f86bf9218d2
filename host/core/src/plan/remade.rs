//! Foreign keys that are made anew because the key that they rest on goes, though another takes its place.
//!
//! PostgreSQL ties a foreign key to the very constraint or index that it found when it was made. The planner asks for
//! this once it knows what differs.

use super::delta::{Delta, Kept};
use super::names::Names;
use crate::ident::Ident;
use crate::schema::ForeignKey;

impl<'a> Delta<'a> {
    /// Has the foreign keys on keys that go made anew.
    pub fn with_references_remade(mut self, names: &Names<'a>) -> Self {
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
        for kept in &mut self.kept {
            let before = kept.before;
            for gone in kept.moved.foreign_keys.extract_if(.., |key| rests_on_lost(key)) {
                kept.gone.foreign_keys.extend(before.foreign_keys.iter().filter(|key| key.name == gone.name));
            }
        }
        self
    }
}

impl Kept<'_> {
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
