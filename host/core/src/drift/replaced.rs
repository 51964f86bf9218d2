//! Tables whose names something else has: the record keeps them, with what refers to them, so that they can come back.

use super::{Drift, Finding, Need, Part, State};
use crate::ident::Ident;
use crate::schema::{ForeignKey, Schema, names};

impl Drift {
    /// What a table needs whose name something else has that is no table of an entity.
    pub(super) fn aside(&self, finding: &Finding) -> Option<Need> {
        let is_replaced = finding.part == Part::Table && finding.state() == State::Differs;
        if !is_replaced || finding.renamed.is_some() {
            return None;
        }
        let taken = |name: &Ident| {
            let schemas = [&self.found, &self.others, &self.wanted, &self.recorded];
            let is_stranger = self.strangers.iter().any(|stranger| stranger.name == name.as_str());
            is_stranger || schemas.into_iter().any(|schema| names::relation_taken(schema, name))
        };
        let needs = self.in_place_of(&finding.table).and_then(|stranger| stranger.needs.clone());
        Some(needs.unwrap_or_else(|| Need::Aside(names::aside(&finding.table, taken))))
    }

    /// Has a repair begin with what is recorded of them.
    pub(super) fn keep_replaced(&self, base: &mut Schema) {
        let is_replaced = |name: &Ident| self.in_place_of(name).is_some();
        for (name, known) in &self.recorded.tables {
            if is_replaced(name) {
                base.tables.insert(name.clone(), known.clone());
                continue;
            }
            let referring: Vec<_> =
                known.foreign_keys.iter().filter(|key| is_replaced(&key.table)).cloned().collect();
            if referring.is_empty() {
                continue;
            }
            if let Some(table) = base.table_mut(name) {
                let stays = |key: &ForeignKey| !referring.iter().any(|known| known.columns == key.columns);
                table.foreign_keys.retain(stays);
                table.foreign_keys.extend(referring);
                table.sort();
            }
        }
    }
}
