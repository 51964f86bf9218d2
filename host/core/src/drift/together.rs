//! What is repaired together, or not at all: things that have one another's names, and types that a reference holds
//! together.

use super::{Drift, Finding, Hindrance, Part, Scope};
use crate::ident::Ident;
use crate::schema::ForeignKey;

impl Drift {
    /// Whether a finding can be repaired only with others of `all`. `whole`: tables are made anew as a whole.
    pub(super) fn together(&self, finding: &Finding, all: &[Finding], whole: bool) -> Option<Hindrance> {
        let others = || all.iter().filter(|other| other.table != finding.table);
        let is_so = match &finding.part {
            Part::Type(column) => {
                let is_other = |table: &Ident, column: &Ident| {
                    let part = Part::Type(column.clone());
                    others().any(|other| other.table == *table && other.part == part)
                };
                self.connected(&finding.table, column).iter().any(|(table, column)| is_other(table, column))
            }
            Part::Table | Part::Column(_) => false,
            _ if finding.renamed.is_none() => false,
            _ => others().any(|other| other.renamed.is_some() && other.found == finding.wanted),
        };
        let beside = |other: &&Finding| {
            other.table == finding.table && other.part != finding.part && is_of_definition(other)
        };
        // SQLite adds and drops these without making the table anew.
        let is_light = matches!(finding.part, Part::Column(_) | Part::Unique(_));
        let is_remade = whole && is_of_definition(finding) && !is_light;
        let is_whole = || is_remade && all.iter().any(|other| beside(&other));
        is_so.then_some(Hindrance::Together).or_else(|| is_whole().then_some(Hindrance::Whole))
    }

    /// The first finding in a scope that cannot be repaired within it.
    #[must_use]
    pub fn beyond_scope(&self, scope: &Scope) -> Option<&Finding> {
        let is_beyond = |finding: &&Finding| match finding.hindrance {
            Some(Hindrance::Together) => scope.table.is_some(),
            Some(Hindrance::Whole) => scope.column.is_some(),
            _ => false,
        };
        self.findings.iter().filter(|finding| scope.has(finding)).find(is_beyond)
    }

    /// The columns on the other side of the foreign keys that a column is in.
    fn connected(&self, table: &Ident, column: &Ident) -> Vec<(Ident, Ident)> {
        let mut all = Vec::new();
        for owner in self.wanted.tables.values() {
            let pairs = |key: &ForeignKey| {
                let (to, pairs) = (key.table.clone(), key.columns.iter().cloned().zip(key.target.clone()));
                pairs.map(move |(own, target)| (own, to.clone(), target)).collect::<Vec<_>>()
            };
            for (own, to, target) in owner.foreign_keys.iter().flat_map(pairs) {
                if owner.name == *table && own == *column {
                    all.push((to, target));
                } else if to == *table && target == *column {
                    all.push((owner.name.clone(), own));
                }
            }
        }
        all
    }
}

/// Whether a finding is about what a table is made with, and not left alone.
fn is_of_definition(finding: &Finding) -> bool {
    let is_besides = matches!(
        finding.part,
        Part::Table | Part::TableComment | Part::Comment(_) | Part::Index(_) | Part::Kept(_)
    );
    !is_besides && !finding.is_foreign()
}
