//! Names by which the executor knows that a table is the one that a change was worked out for: they go along when hands
//! call the table otherwise, and what is put in its place cannot have them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Plan;
use crate::ddl::{Dialect, Statement};
use crate::ident::Ident;
use crate::model::Model;
use crate::online::OnlineStep;
use crate::schema::{ForeignKey, Schema, Table};

/// The tables, there before, that a plan works on or refers to, each with a name of something indexed on it.
pub(super) fn of(plan: &Plan, base: &Schema, dialect: Dialect) -> BTreeMap<Ident, Ident> {
    let own = plan.statements().filter_map(Statement::table);
    let locked = plan.statements().flat_map(Statement::locks).map(|lock| &lock.table);
    let steps = plan.prepare.iter().map(OnlineStep::table);
    let names: BTreeSet<_> = own.chain(locked).chain(steps).collect();
    let tables = names.into_iter().filter_map(|name| base.tables.get(name));
    tables.filter_map(|table| Some((table.name.clone(), mark(table, dialect)?))).collect()
}

/// SQLite, which has no locks to tell of and whose keys have no names: the tables, there before, that a plan works on or
/// comes to refer to, as they are.
pub(super) fn shapes(plan: &Plan, model: &Model) -> BTreeMap<Ident, Arc<Table>> {
    let own: BTreeSet<_> = plan.statements().filter_map(Statement::table).collect();
    let known = |table: &Table, key: &ForeignKey| {
        let before = model.base().table(&table.name);
        before.is_some_and(|before| before.foreign_keys.iter().any(|known| known == key))
    };
    let tables = own.iter().filter_map(|name| model.schema().table(name));
    let keys = tables.flat_map(|table| table.foreign_keys.iter().filter(|key| !known(table, key)));
    let referred = keys.map(|key| &key.table);
    let names: BTreeSet<_> = own.iter().copied().chain(referred).collect();
    let tables = names.into_iter().filter_map(|name| model.base().tables.get(name));
    tables.map(|table| (table.name.clone(), table.clone())).collect()
}

/// SQLite gives keys no names.
fn mark(table: &Table, dialect: Dialect) -> Option<Ident> {
    if dialect == Dialect::Postgres && !table.primary_key.is_empty() {
        return Some(table.key_name());
    }
    let uniques = table.uniques.iter().map(|unique| &unique.name);
    uniques.chain(table.indexes.iter().map(|index| &index.name)).next().cloned()
}
