//! Names that hands gave, and that the host gave again: a repair or an adoption of them was rolled back. The record has them
//! then, and the metadata do not. What the metadata deleted and made since is no such name.

use crate::ident::Ident;
use crate::intent::{RenameColumn, RenameTable};
use crate::metadata::{Entity, Metadata};
use crate::schema::{Schema, Table};

use super::Deleted;
use super::renamed::same_shape;

/// Tables of entities that nothing has made, beside recorded ones that look just like them and that nothing calls for.
pub(super) fn tables(
    wanted: &Schema,
    recorded: &Schema,
    found: &Schema,
    metadata: &Metadata,
    deleted: &Deleted,
) -> Vec<RenameTable> {
    let is_there = |name: &Ident| recorded.tables.contains_key(name) || found.tables.contains_key(name);
    let lost = wanted.tables.values().filter(|t| !is_there(&t.name) && metadata.entity(&t.name).is_some());
    let lost: Vec<&Table> = lost.map(AsRef::as_ref).collect();
    if lost.is_empty() {
        return Vec::new();
    }
    let free = found
        .tables
        .values()
        .filter(|t| recorded.tables.contains_key(&t.name) && !wanted.tables.contains_key(&t.name))
        .filter(|t| !deleted.has(&t.name, None));
    let free: Vec<&Table> = free.map(AsRef::as_ref).collect();
    let only = |of: &Table, among: &[&Table]| {
        let mut like = among.iter().filter(|table| same_shape(table, of)).map(|table| table.name.clone());
        like.next().filter(|_| like.next().is_none())
    };
    let pair = |known: &&Table| {
        let table = only(known, &free)?;
        let to = only(found.table(&table)?, &lost)?;
        (to == known.name).then_some(RenameTable { table, to })
    };
    lost.iter().filter_map(pair).collect()
}

/// Fields without a column, each with the column of its type in its place that nothing calls for.
pub(super) fn columns<'a>(
    wanted: &'a Table,
    recorded: &'a Table,
    found: &'a Table,
    entity: &'a Entity,
    deleted: &'a Deleted,
) -> impl Iterator<Item = RenameColumn> + 'a {
    let is_there = |name: &Ident| recorded.columns.contains_key(name) || found.columns.contains_key(name);
    let lost = wanted.columns.values().enumerate();
    let lost = lost.filter(move |(_, c)| !is_there(&c.name) && entity.field(&c.name).is_some());
    lost.filter_map(move |(place, lost)| {
        let (_, came) = found.columns.get_index(place)?;
        let is_free = recorded.columns.contains_key(&came.name)
            && !wanted.columns.contains_key(&came.name)
            && !deleted.has(&found.name, Some(&came.name));
        (is_free && came.ty == lost.ty && came.unread.is_none()).then(|| RenameColumn {
            table: found.name.clone(),
            column: came.name.clone(),
            to: lost.name.clone(),
        })
    })
}
