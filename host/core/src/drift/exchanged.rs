//! Two columns that changed places by hand. Their order tells it, and something that went along: what they are, or the
//! names of what is on them. Where nothing did, nothing in the database says which is which.

use crate::ident::Ident;
use crate::schema::{Column, IndexKey, Table};

/// The columns that changed places: the name that each has, and the one that it had.
pub(super) fn exchanged(recorded: &Table, found: &Table) -> Vec<(Ident, Ident)> {
    if recorded.columns.keys().eq(found.columns.keys()) {
        return Vec::new();
    }
    let (before, now) = (recorded.physical(), found.physical());
    let moved = |place: &usize| {
        before.columns.get_index(*place).map(|(n, _)| n) != now.columns.get_index(*place).map(|(n, _)| n)
    };
    if before.columns.len() != now.columns.len() {
        return Vec::new();
    }
    let places: Vec<_> = (0..before.columns.len()).filter(moved).collect();
    let [first, second] = places.as_slice() else { return Vec::new() };
    let at = |table: &Table, place: &usize| table.columns.get_index(*place).map(|(_, c)| c.clone());
    let all = (at(&before, first), at(&before, second), at(&now, first), at(&now, second));
    let (Some(a), Some(b), Some(in_first), Some(in_second)) = all else { return Vec::new() };
    let crosswise = in_first.name == b.name && in_second.name == a.name;
    let stayed = same(&a, &in_first) && same(&b, &in_second);
    let comments_went =
        a.comment != b.comment && a.comment == in_first.comment && b.comment == in_second.comment;
    let told = !same(&a, &b) || comments_went || names_went(recorded, found, &a.name, &b.name);
    match crosswise && stayed && told {
        true => vec![(b.name.clone(), a.name.clone()), (a.name, b.name)],
        false => Vec::new(),
    }
}

/// Whether two columns are the same but for their names and comments.
fn same(a: &Column, b: &Column) -> bool {
    Column { name: b.name.clone(), comment: b.comment.clone(), ..a.clone() } == *b
}

/// Whether something on one of two columns is on the other now, under the name that it had.
fn names_went(recorded: &Table, found: &Table, a: &Ident, b: &Ident) -> bool {
    let across = |column: &Ident| match column {
        _ if column == a => b.clone(),
        _ if column == b => a.clone(),
        _ => column.clone(),
    };
    let there = on_columns(found);
    on_columns(recorded).into_iter().any(|(name, columns)| {
        let moved: Vec<_> = columns.iter().map(across).collect();
        moved != columns && there.contains(&(name, moved))
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
