//! What was dropped and kept, and was taken away by hand since: it can come back no more.

use super::{Drift, Finding, Moved, Part, Scope};
use crate::ident::Ident;
use crate::schema::{BuriedTable, Schema};
use crate::shared::Shared;
use crate::tombstone::Place;

/// What the record keeps and the database has not. Of a table that is missing itself, nothing is told besides.
pub(super) fn findings(recorded: &Schema, found: &Schema) -> Vec<Finding> {
    let mut all = Vec::new();
    for (name, known) in recorded.tables.iter().filter(|(_, known)| !known.buried.is_empty()) {
        let Some(there) = found.tables.get(name) else { continue };
        let lost = known.buried.iter().filter(|(kept, _)| !there.buried.contains_key(*kept));
        let column = |name: &Ident| format!("the column \"{}\"", name.as_str());
        all.extend(lost.map(|(kept, was)| finding(name, kept, column(&was.column.name))));
    }
    for (kept, was) in recorded.buried.iter().filter(|(kept, _)| !found.buried.contains_key(*kept)) {
        let name = &was.table.name;
        all.push(finding(name, kept, format!("the table \"{}\"", name.as_str())));
    }
    all
}

fn finding(table: &Ident, kept: &Ident, what: String) -> Finding {
    Finding {
        table: table.clone(),
        part: Part::Kept(kept.clone()),
        wanted: Some(what.clone()),
        recorded: Some(what),
        found: None,
        renamed: None,
        called: None,
        moved: Moved::Hands,
        adoptable: false,
        needs: None,
    }
}

impl Drift {
    /// The dropped tables of the record that a repair does not forget.
    pub(super) fn kept_still(&self, scope: &Scope) -> Shared<BuriedTable> {
        let lost = self.lost(scope);
        let is_kept = |name: &Ident| !lost.iter().any(|place| place.table == *name && place.column.is_none());
        let kept = self.recorded.buried.iter().filter(|(name, _)| is_kept(name));
        kept.map(|(name, table)| (name.clone(), table.clone())).collect()
    }

    /// What a repair forgets, since it is kept no more.
    #[must_use]
    pub fn lost(&self, scope: &Scope) -> Vec<Place> {
        if scope.loosening {
            return Vec::new();
        }
        let place = |finding: &Finding| match &finding.part {
            Part::Kept(kept) if self.recorded.buried.contains_key(kept) => {
                Some(Place { table: kept.clone(), column: None })
            }
            Part::Kept(kept) => Some(Place { table: finding.table.clone(), column: Some(kept.clone()) }),
            _ => None,
        };
        self.findings.iter().filter(|finding| scope.has(finding)).filter_map(place).collect()
    }
}
