//! From a changed model to steps: what differs, in an order that is safe.
//!
//! The plan is the difference of two schemas (with the memory of renames), not
//! a list of what was asked for: a table made and altered in one change is one
//! `CREATE TABLE`, and what was done and undone is nothing.

mod aside;
mod delta;
mod hash;
mod marked;
mod names;
mod obstacle;
mod order;
mod postgres;
mod postgres_online;
mod remade;
mod renames;
mod sqlite;
mod waits;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::Serialize;

pub use hash::hash;
pub use obstacle::Obstacle;
pub(crate) use renames::in_order;
pub(crate) use waits::Waits;

use crate::ddl::{Dialect, Statement, StatementKind, Step};
use crate::ident::{Ident, OrgName};
use crate::model::Model;
use crate::online::OnlineStep;
use crate::schema::Table;

/// What is to be executed: before the change's transaction, in it, and after it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Plan {
    /// Steps on large tables that are done, beside their users, before anything is committed.
    /// If one fails for good, those done are undone, and nothing has changed.
    pub prepare: Vec<OnlineStep>,
    /// The steps of the one transaction.
    pub steps: Vec<Step>,
    /// Steps on large tables that are left to do once it is committed.
    pub finish: Vec<OnlineStep>,
    /// Why the change cannot be made beside the users of a large table; it is refused then.
    pub obstacles: Vec<Obstacle>,
    /// SQLite: whether foreign keys must be off, and checked at the end instead.
    pub foreign_keys_off: bool,
    /// SQLite: the tables that get another name, before and after.
    pub renamed: BTreeMap<Ident, Ident>,
    /// PostgreSQL: the columns, by the names that they have in the database, of the tables whose order comes to be another
    /// than the model's.
    pub order: BTreeMap<Ident, Vec<Ident>>,
    /// The tables, there before, that it works on, each with the name of something indexed on it. The executor does nothing
    /// if that is on another table: hands called the one otherwise then, and may have put another in its place.
    pub marked: BTreeMap<Ident, Ident>,
    /// SQLite: the tables, there before, that it works on or refers to, as they are. The executor does nothing if one is not
    /// there, or has few of the columns: something else was put in its place then.
    pub shapes: BTreeMap<Ident, Arc<Table>>,
}

impl Plan {
    /// Whether all of it is in the one transaction.
    #[must_use]
    pub fn is_transactional(&self) -> bool {
        self.prepare.is_empty() && self.finish.is_empty()
    }

    /// The tables, there before, that the transaction locks against their readers or writers.
    #[must_use]
    pub fn strongly_locked(&self) -> BTreeSet<&Ident> {
        let made: BTreeSet<_> = self
            .statements()
            .filter(|s| s.kind() == Some(StatementKind::CreateTable))
            .filter_map(Statement::table)
            .collect();
        let locks = self.statements().flat_map(Statement::locks).filter(|lock| lock.level.blocks());
        locks.map(|lock| &lock.table).filter(|table| !made.contains(table)).collect()
    }

    /// The statements of the transaction, in order.
    pub fn statements(&self) -> impl Iterator<Item = &Statement> {
        self.steps.iter().flat_map(Step::statements)
    }
}

impl Serialize for Plan {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.statements())
    }
}

/// Which tables are large, by their names before the change: their users must not be kept waiting.
/// SQLite has one lock for all, so it makes no difference there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sizes {
    large: BTreeSet<Ident>,
}

impl Sizes {
    /// The large tables.
    pub fn large(tables: impl IntoIterator<Item = Ident>) -> Self {
        Self { large: tables.into_iter().collect() }
    }

    /// Whether a table is large.
    #[must_use]
    pub fn is_large(&self, table: &Ident) -> bool {
        self.large.contains(table)
    }
}

/// The plan that turns the model's base into its schema.
#[must_use]
pub fn plan(org: &OrgName, dialect: Dialect, model: &Model, sizes: &Sizes) -> Plan {
    let physical = delta::Physical::of(model);
    let names = names::Names::of(model, &physical);
    let delta = delta::Delta::of(&names, &physical);
    let plan = match dialect {
        Dialect::Postgres => postgres::plan(org, &delta.with_references_remade(&names), sizes),
        Dialect::Sqlite => sqlite::plan(org, &delta),
    };
    let shapes = match dialect {
        Dialect::Postgres => BTreeMap::new(),
        Dialect::Sqlite => marked::shapes(&plan, model),
    };
    Plan { marked: marked::of(&plan, model.base(), dialect), shapes, ..plan }
}

#[cfg(test)]
mod online_tests;
#[cfg(test)]
mod tests;
