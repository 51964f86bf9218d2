//! What is repaired together, or not at all: things that have one another's names, and types that a reference holds
//! together.

use super::named::together;
use super::{Drift, Finding, Need, Part, Scope};
use crate::ddl::Dialect;
use crate::ident::Ident;
use crate::intent::Intent;
use crate::schema::ForeignKey;

impl Drift {
    /// Whether a finding can be repaired only with others of `all`.
    pub(super) fn together(&self, finding: &Finding, all: &[Finding]) -> Option<Need> {
        let is_so = match &finding.part {
            Part::Type(column) => self.is_held(finding, column, all) || self.refers_to_renamed(finding),
            Part::Table | Part::ForeignKey(_) if self.refers_to_renamed(finding) => true,
            Part::Table | Part::Column(_) => false,
            _ => finding.renamed.is_some() && is_traded(finding, all),
        };
        let beside = |other: &&Finding| {
            other.table == finding.table && other.part != finding.part && is_of_definition(other)
        };
        // SQLite adds and drops these without making the table anew.
        let is_light = matches!(finding.part, Part::Column(_) | Part::Unique(_));
        let is_remade = self.dialect == Dialect::Sqlite && is_of_definition(finding) && !is_light;
        let is_whole = || is_remade && all.iter().any(|other| beside(&other));
        is_so.then_some(Need::Others).or_else(|| is_whole().then_some(Need::Table))
    }

    /// Whether a reference holds a column's type and that of a column of another table, which differs too.
    fn is_held(&self, finding: &Finding, column: &Ident, all: &[Finding]) -> bool {
        let differs = |(table, column): &(Ident, Ident)| {
            let part = Part::Type(column.clone());
            *table != finding.table && all.iter().any(|other| other.table == *table && other.part == part)
        };
        self.connected(&finding.table, column).iter().any(differs)
    }

    /// Whether its table refers to a column that has another name.
    fn refers_to_renamed(&self, finding: &Finding) -> bool {
        let keys = self.wanted.table(&finding.table).into_iter().flat_map(|table| &table.foreign_keys);
        let renamed = |key: &ForeignKey| {
            self.renames.iter().any(|intent| match intent {
                Intent::RenameColumn(r) => {
                    r.table == key.table && key.target.contains(&r.to) && key.table != finding.table
                }
                _ => false,
            })
        };
        keys.into_iter().any(renamed)
    }

    /// The first finding in a scope that cannot be repaired within it.
    #[must_use]
    pub fn beyond_scope(&self, scope: &Scope) -> Option<&Finding> {
        let is_beyond = |finding: &&Finding| match finding.needs {
            Some(Need::Others) => scope.table.is_some(),
            Some(Need::Table) => scope.column.is_some(),
            _ => false,
        };
        self.findings.iter().filter(|finding| scope.has(finding)).find(is_beyond)
    }

    /// The columns on the other side of the foreign keys that a column is in.
    fn connected(&self, table: &Ident, column: &Ident) -> Vec<(Ident, Ident)> {
        let mut all = Vec::new();
        for owner in self.wanted.tables.values() {
            for key in &owner.foreign_keys {
                let pairs = || key.columns.iter().zip(&key.target);
                if owner.name == *table {
                    let own = pairs().filter(|(own, _)| *own == column);
                    all.extend(own.map(|(_, target)| (key.table.clone(), target.clone())));
                } else if key.table == *table {
                    let own = pairs().filter(|(_, target)| *target == column);
                    all.extend(own.map(|(own, _)| (owner.name.clone(), own.clone())));
                }
            }
        }
        all
    }
}

/// Whether something has the name of something on another table that has another one itself, or that one's, and so on.
fn is_traded(finding: &Finding, all: &[Finding]) -> bool {
    let pair = |other: &Finding| {
        let is_object = !matches!(other.part, Part::Table | Part::Column(_));
        let to = other.wanted.as_deref().and_then(|name| Ident::parse(name).ok());
        other.renamed.clone().zip(to).filter(|_| is_object)
    };
    let pairs: Vec<_> = all.iter().filter_map(|other| Some((&other.table, pair(other)?))).collect();
    let Some((name, _)) = pair(finding) else { return false };
    let names = together(&name, pairs.iter().map(|(_, (from, to))| (from, to)).collect());
    pairs.iter().any(|(table, (from, _))| **table != finding.table && names.contains(from))
}

/// Whether a finding is about what a table is made with, and not left alone.
fn is_of_definition(finding: &Finding) -> bool {
    let is_besides = matches!(
        finding.part,
        Part::Table
            | Part::TableComment
            | Part::Comment(_)
            | Part::Index(_)
            | Part::Kept(_)
            | Part::Unlogged
            | Part::Stranger(..)
    );
    !is_besides && !finding.is_foreign()
}
