//! The database's tables as the record knows them.

use std::sync::Arc;

use super::{Stranger, World, strangers};
use crate::ddl::Dialect;
use crate::ident::Ident;
use crate::schema::{Schema, Table};

/// The host's tables among those that are there, with what is dropped and kept as the record has it; and the others.
pub(super) fn parted(world: &World<'_>, strangers: &mut Vec<Stranger>) -> (Schema, Schema) {
    let World { wanted, recorded, found, beyond, .. } = world;
    let (mut own, mut others) = (Schema::default(), Schema::default());
    for (name, table) in &found.tables {
        if let Some(buried) = recorded.buried.get(name) {
            own.buried.insert(name.clone(), buried.clone());
        } else if let Some(known) = recorded.tables.get(name) {
            let alone = if table.foreign_keys.len() > known.foreign_keys.len() {
                strangers::alone(table, known, strangers)
            } else {
                table.clone()
            };
            own.tables.insert(name.clone(), as_known(&alone, known, world.dialect == Dialect::Postgres));
        } else if wanted.tables.contains_key(name) {
            own.tables.insert(name.clone(), table.clone());
        } else if !beyond.iter().any(|left| left.is_table(name)) {
            others.tables.insert(name.clone(), table.clone());
        }
    }
    (own, others)
}

/// The record's table, if that is what was found: what is one and the same need not be compared again.
fn as_known(found: &Arc<Table>, recorded: &Arc<Table>, comments: bool) -> Arc<Table> {
    if comments && recorded.buried.is_empty() {
        return if is_as_recorded(found, recorded) { recorded } else { found }.clone();
    }
    let dressed = dressed(found, recorded, comments);
    if is_as_recorded(&dressed, recorded) { recorded.clone() } else { Arc::new(dressed) }
}

/// A table with its dropped columns as the record has them; and with its comments, where the database keeps none.
pub(super) fn dressed(found: &Table, recorded: &Table, comments: bool) -> Table {
    let mut table = found.clone();
    if !comments {
        table.comment.clone_from(&recorded.comment);
        let of = |name: &Ident| recorded.column(name).and_then(|c| c.comment.clone());
        table.columns.values_mut().for_each(|column| column.comment = of(&column.name));
    }
    for (kept, buried) in &recorded.buried {
        if table.columns.shift_remove(kept).is_some() {
            table.buried.insert(kept.clone(), buried.clone());
        }
    }
    table
}

/// Whether a table is what the record says, names of constraints included. SQLite has none for primary keys.
pub(super) fn is_as_recorded(found: &Table, recorded: &Table) -> bool {
    found == recorded
        && found.buried.len() == recorded.buried.len()
        && found.primary_key_name.as_ref().is_none_or(|name| *name == recorded.key_name())
        && names(found).eq(names(recorded))
}

fn names(table: &Table) -> impl Iterator<Item = &Ident> {
    let uniques = table.uniques.iter().map(|unique| &unique.name);
    let keys = table.foreign_keys.iter().map(|key| &key.name);
    uniques.chain(keys).chain(table.indexes.iter().map(|index| &index.name))
}
