//! A repair of one column: whatever else of its table is as the record has it, so that nothing else is taken for recorded.

use crate::ident::Ident;
use crate::schema::Table;

/// The recorded table, with one column, and all that is on it, as found. `from` is the name that the column has now, if
/// somebody gave it another one.
pub(super) fn to_column(recorded: &Table, found: &Table, column: &Ident, from: Option<&Ident>) -> Table {
    let mut table = recorded.clone();
    let now = from.unwrap_or(column);
    match (found.column(now), table.columns.get_index_of(column)) {
        (Some(as_found), Some(place)) => {
            table.columns.shift_remove(column);
            let place = place.min(table.columns.len());
            table.columns.shift_insert(place, now.clone(), as_found.clone());
        }
        (Some(as_found), None) => drop(table.columns.insert(now.clone(), as_found.clone())),
        (None, _) => drop(table.columns.shift_remove(column)),
    }
    let on = |columns: &[Ident]| columns.contains(column) || columns.contains(now);
    if on(&recorded.primary_key) || on(&found.primary_key) {
        table.primary_key.clone_from(&found.primary_key);
        table.primary_key_name.clone_from(&found.primary_key_name);
    }
    merge(&mut table.uniques, &found.uniques, |unique| on(&unique.columns));
    merge(&mut table.foreign_keys, &found.foreign_keys, |key| on(&key.columns));
    let reads =
        |columns: &std::collections::BTreeSet<Ident>| columns.contains(column) || columns.contains(now);
    merge(&mut table.checks, &found.checks, |check| reads(&check.expression.columns()));
    merge(&mut table.indexes, &found.indexes, |index| reads(&index.shape.columns()));
    table.sort();
    table
}

/// A recorded table under the name that it has now.
pub(super) fn called(recorded: &Table, name: &Ident) -> Table {
    let mut table = recorded.clone();
    if table.name != *name {
        let key = (!table.primary_key.is_empty()).then(|| table.key_name());
        let own = std::mem::replace(&mut table.name, name.clone());
        table.primary_key_name = key;
        table.foreign_keys.iter_mut().filter(|key| key.table == own).for_each(|key| key.table = name.clone());
    }
    table
}

/// Of two lists, those of the second that are meant, and the others of the first.
fn merge<T: Clone>(recorded: &mut Vec<T>, found: &[T], is_meant: impl Fn(&T) -> bool) {
    recorded.retain(|one| !is_meant(one));
    recorded.extend(found.iter().filter(|one| is_meant(one)).cloned());
}
