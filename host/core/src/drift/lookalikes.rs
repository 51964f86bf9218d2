//! A table that is missing, beside tables of nobody that look just like it: whether one of them is it, people know.

use super::{Drift, Finding, Need, Part, State};
use crate::ident::Ident;
use crate::schema::{Column, Table};

impl Drift {
    /// What somebody has to say of a missing table before an empty one is made.
    pub(super) fn choice(&self, finding: &Finding) -> Option<Need> {
        let is_missing = finding.part == Part::Table && finding.state() == State::Missing;
        let known =
            self.recorded.table(&finding.table).filter(|_| is_missing && finding.renamed.is_none())?;
        let known = known.physical();
        let like = self.others.tables.values().filter(|there| is_like(&known, there));
        let like: Vec<Ident> = like.map(|there| there.name.clone()).collect();
        (!like.is_empty()).then_some(Need::Choice(like))
    }

    /// The tables that look just like one that a repair does not make for that.
    pub(super) fn waits_for_choice(&self, table: &Ident) -> Option<&[Ident]> {
        self.choices.get(table).map(Vec::as_slice).filter(|_| !self.confirmed)
    }

    /// With somebody's word that what is lost may be made anew.
    #[must_use]
    pub fn confirmed(self, confirmed: bool) -> Self {
        Self { confirmed, ..self }
    }
}

/// Whether a table has the same columns, or as many of the same types in the same order.
fn is_like(known: &Table, there: &Table) -> bool {
    let pairs = || known.columns.values().zip(there.columns.values());
    let is_in_order = known.columns.len() > 1 && pairs().all(|(known, there)| known.same_type(there));
    let has = |column: &Column| there.column(&column.name).is_some_and(|found| found.same_type(column));
    known.columns.len() == there.columns.len() && (is_in_order || known.columns.values().all(has))
}
