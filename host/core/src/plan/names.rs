//! What tables and columns of before are called after a change. `delta` asks it.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::delta::Physical;
use crate::ident::Ident;
use crate::model::Model;
use crate::schema::{Schema, Table};

/// From names before to names after.
pub(super) struct Names<'a> {
    pub(super) model: &'a Model,
    before: &'a Schema,
    after: &'a Schema,
    /// Of the tables that were touched and stay.
    touched: BTreeMap<Ident, &'a Ident>,
}

impl<'a> Names<'a> {
    pub fn of(model: &'a Model, physical: &'a Physical) -> Self {
        let Physical { before, after } = physical;
        let there = |(name, _): &(&Ident, _)| after.tables.contains_key(*name);
        let pair = |(name, origin): (&'a Ident, Option<&Ident>)| Some((origin?.clone(), name));
        Self { model, before, after, touched: model.touched().filter(there).filter_map(pair).collect() }
    }

    /// Every table that stays, as it was and as it will be.
    pub fn pairs(&self) -> impl Iterator<Item = (&'a Table, &'a Table)> {
        let pair = |was: &'a Arc<Table>| Some((was.as_ref(), self.after.table(self.table(&was.name)?)?));
        self.before.tables.values().filter_map(pair)
    }

    /// What a table of before is called now, if it stays.
    pub fn table<'n>(&'n self, before: &'n Ident) -> Option<&'n Ident> {
        match self.touched.get(before) {
            Some(now) => Some(now),
            None => Some(before)
                .filter(|name| !self.model.is_touched(name) && self.after.tables.contains_key(*name)),
        }
    }

    pub fn column(&self, table: &Ident, before: &Ident) -> Option<Ident> {
        let now = self.table(table)?;
        let columns = &self.after.table(now)?.columns;
        let is_that = |name: &Ident| self.model.column_origin(now, name).as_ref() == Some(before);
        // Most columns keep their names.
        match columns.contains_key(before) && is_that(before) {
            true => Some(before.clone()),
            false => columns.keys().find(|name| is_that(name)).cloned(),
        }
    }

    pub fn columns(&self, table: &Ident, before: &[Ident]) -> Option<Vec<Ident>> {
        before.iter().map(|c| self.column(table, c)).collect()
    }
}
