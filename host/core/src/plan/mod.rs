//! From a changed model to steps: what differs, in an order that is safe.
//!
//! The plan is the difference of two schemas (with the memory of renames), not
//! a list of what was asked for: a table made and altered in one change is one
//! `CREATE TABLE`, and what was done and undone is nothing.

mod delta;
mod hash;
mod postgres;
mod renames;
mod sqlite;

pub use hash::hash;
use serde::Serialize;

use crate::ddl::{Dialect, Statement, Step};
use crate::ident::OrgName;
use crate::model::Model;

/// What is to be executed, in order, in one transaction.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Plan {
    /// The steps.
    pub steps: Vec<Step>,
    /// SQLite: whether foreign keys must be off, and checked at the end instead.
    pub foreign_keys_off: bool,
}

impl Plan {
    /// All statements in order.
    pub fn statements(&self) -> impl Iterator<Item = &Statement> {
        self.steps.iter().flat_map(Step::statements)
    }
}

impl Serialize for Plan {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.statements())
    }
}

/// The plan that turns the model's base into its schema.
#[must_use]
pub fn plan(org: &OrgName, dialect: Dialect, model: &Model) -> Plan {
    let delta = delta::Delta::of(model);
    match dialect {
        Dialect::Postgres => postgres::plan(org, &delta),
        Dialect::Sqlite => sqlite::plan(org, &delta),
    }
}

#[cfg(test)]
mod tests;
