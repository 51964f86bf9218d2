//! Columns that have other names than the record says, some of them those of one another. A name does not tell then which
//! is which, and the order does: no rename changes it. Where only names of one another are there, something must have gone
//! along besides: what the columns are, their comments, or the names of what is on them.

use super::known::dressed;
use crate::ident::Ident;
use crate::schema::{Column, IndexKey, Table};

/// The columns that have names of others: the name that each has, and the one that it had. None where names tell it.
pub(super) fn exchanged(recorded: &Table, found: &Table) -> Option<Vec<(Ident, Ident)>> {
    if recorded.columns.keys().eq(found.columns.keys()) {
        return None;
    }
    let (before, now) = (recorded.physical(), found.physical());
    let pairs: Vec<_> = before.columns.values().zip(now.columns.values()).collect();
    // What kept its name may have become something else besides.
    let may_be = |(was, is): &(&Column, &Column)| was.name == is.name || same(was, is);
    if before.columns.len() != now.columns.len() || !pairs.iter().all(may_be) {
        return None;
    }
    let moved: Vec<_> = pairs.into_iter().filter(|(was, is)| was.name != is.name).collect();
    let is_taken = |name: &Ident| moved.iter().any(|(was, _)| was.name == *name);
    if !moved.iter().any(|(_, is)| is_taken(&is.name)) {
        return None;
    }
    let is_circle = moved.iter().all(|(_, is)| is_taken(&is.name));
    let other = |name: &Ident| recorded.column(name);
    let told = |(was, is): &(&Column, &Column)| {
        let by_name = other(&is.name);
        let is_other = by_name.is_some_and(|by_name| !same(by_name, is));
        let comment_went =
            was.comment == is.comment && by_name.is_some_and(|by_name| by_name.comment != is.comment);
        is_other || comment_went
    };
    let back: Vec<_> = moved.iter().map(|(was, is)| (is.name.clone(), was.name.clone())).collect();
    let is_told = !is_circle || moved.iter().any(told) || names_went(recorded, found, &back);
    is_told.then_some(back)
}

/// A column that has the name of another on SQLite, where the order of columns tells: what it was called, and is.
#[must_use]
pub fn traded(recorded: &Table, found: &Table) -> Option<(Ident, Ident)> {
    let found = dressed(found, recorded, false);
    exchanged(recorded, &found)?.into_iter().map(|(now, was)| (was, now)).next()
}

/// Whether two columns are the same but for their names and comments.
fn same(a: &Column, b: &Column) -> bool {
    Column { name: b.name.clone(), comment: b.comment.clone(), ..a.clone() } == *b
}

/// Whether something is on a column by the name that the column has now, under the name that it had.
fn names_went(recorded: &Table, found: &Table, back: &[(Ident, Ident)]) -> bool {
    let now = |column: &Ident| {
        back.iter().find(|(_, was)| was == column).map_or_else(|| column.clone(), |(is, _)| is.clone())
    };
    let there = on_columns(found);
    on_columns(recorded).into_iter().any(|(name, columns)| {
        let moved: Vec<_> = columns.iter().map(now).collect();
        moved != columns && there.contains(&(name, moved))
    })
}

/// Whether something that was on one column is on another now, under the same name.
pub(super) fn carries(recorded: &Table, found: &Table, was: &Ident, is: &Ident) -> bool {
    let there = on_columns(found);
    on_columns(recorded).into_iter().filter(|(_, columns)| columns.contains(was)).any(|(name, columns)| {
        let moved = columns.iter().map(|column| if column == was { is } else { column }.clone()).collect();
        there.contains(&(name, moved))
    })
}

/// The names of constraints and indexes, with the columns that they are on.
fn on_columns(table: &Table) -> Vec<(Ident, Vec<Ident>)> {
    let uniques = table.uniques.iter().map(|unique| (unique.name.clone(), unique.columns.clone()));
    let keys = table.foreign_keys.iter().map(|key| (key.name.clone(), key.columns.clone()));
    let column = |key: &IndexKey| match key {
        IndexKey::Column(column) => Some(column.clone()),
        IndexKey::Expression(_) => None,
    };
    let indexes = table.indexes.iter().filter_map(|index| {
        let columns: Option<Vec<_>> = index.shape.keys.iter().map(column).collect();
        Some((index.name.clone(), columns?))
    });
    uniques.chain(keys).chain(indexes).collect()
}
