//! What tells whose a table is whatever it is called: the names of what is on it stay when it is renamed by hand.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::identity::Identities;
use super::renamed::{akin, alike, same_shape};
use crate::ddl::Dialect;
use crate::ident::Ident;
use crate::intent::RenameTable;
use crate::schema::{Schema, Table};

/// The names of a table's key, constraints and indexes. A key without a recorded name has none on SQLite.
fn marks(table: &Table) -> BTreeSet<&Ident> {
    let key = table.primary_key_name.iter();
    let uniques = table.uniques.iter().map(|unique| &unique.name);
    let keys = table.foreign_keys.iter().map(|key| &key.name);
    key.chain(uniques).chain(keys).chain(table.indexes.iter().map(|index| &index.name)).collect()
}

/// The tables of the record that each name on them belongs to.
fn owners(recorded: &Schema) -> BTreeMap<Ident, &Ident> {
    let of = |table: &Table| {
        let key = (!table.primary_key.is_empty()).then(|| table.key_name());
        key.into_iter().chain(marks(table).into_iter().cloned()).collect::<Vec<_>>()
    };
    let tables = recorded.tables.iter();
    tables.flat_map(|(name, table)| of(table).into_iter().map(move |mark| (mark, name))).collect()
}

/// Tables that stand where another of the record's did, told by the names on them: two that changed places, or one that
/// was put in the place of another. Those whose own place is taken by one that stays are not among them.
pub(super) fn displaced(recorded: &Schema, found: &Schema, identities: &Identities) -> Vec<RenameTable> {
    let (taken, sure) = (identities.taken(), identities.known());
    let differs = |(name, table): &(&Ident, &Arc<Table>)| {
        let known = recorded.tables.get(*name).filter(|_| !taken.contains(*name));
        known.is_some_and(|known| !Arc::ptr_eq(known, table) && !is_itself(known, table))
    };
    let suspects: Vec<_> = found.tables.iter().filter(differs).collect();
    let certain = identities.moved(recorded);
    if suspects.is_empty() {
        return with_places(certain, found);
    }
    let owners = owners(recorded);
    let moved = |(name, table): &(&Ident, &Arc<Table>)| {
        let whose: BTreeSet<_> = marks(table).into_iter().filter_map(|mark| owners.get(mark)).collect();
        let owner = match whose.first() {
            Some(owner) if whose.len() == 1 => *owner,
            // Nothing on it has a name: it is just what one other was, and not what is to be there.
            None if !recorded.table(name).is_some_and(|known| same_shape(known, table)) => {
                let stands =
                    |known: &Table| found.table(&known.name).is_some_and(|there| same_shape(known, there));
                let like = recorded.tables.iter().filter(|(_, known)| same_shape(known, table));
                let mut like = like.filter(|(_, known)| !stands(known));
                like.next().filter(|_| like.next().is_none())?.0
            }
            _ => return None,
        };
        // Names on tables can be exchanged as well: then what is there is more like what it is called.
        let like = |name: &Ident| recorded.table(name).map_or(0, |known| alike(known, table));
        let is_like = like(owner) > 0 && like(owner) >= like(name);
        let is_free = !sure.contains(owner);
        (owner != *name && is_like && is_free)
            .then(|| RenameTable { table: (*name).clone(), to: owner.clone() })
    };
    let moved: Vec<_> = suspects.iter().filter_map(moved).collect();
    with_places(certain.into_iter().chain(moved).collect(), found)
}

/// Those renames of tables whose places are free, or get free.
fn with_places(mut all: Vec<RenameTable>, found: &Schema) -> Vec<RenameTable> {
    loop {
        let leaves = |place: &Ident| all.iter().any(|rename| rename.table == *place);
        let claims = |place: &Ident| all.iter().filter(|rename| rename.to == *place).count();
        let has_place = |rename: &RenameTable| {
            claims(&rename.to) == 1 && (!found.tables.contains_key(&rename.to) || leaves(&rename.to))
        };
        let kept: Vec<_> = all.iter().filter(|rename| has_place(rename)).cloned().collect();
        if kept.len() == all.len() {
            return kept;
        }
        all = kept;
    }
}

/// Whether the names on a table, of which there are some, are all those that the record has on it.
fn is_itself(known: &Table, there: &Table) -> bool {
    let (own, key, there) = (marks(known), known.key_name(), marks(there));
    !there.is_empty() && there.iter().all(|mark| own.contains(mark) || **mark == key)
}

/// Tables that were given another name, and whose own a table of somebody's has now: nothing on that one is the record's.
pub(super) fn put_out(
    recorded: &Schema,
    own: &Schema,
    others: &Schema,
    identities: &Identities,
) -> Vec<RenameTable> {
    let moved = displaced(recorded, own, identities);
    let taken = identities.taken();
    let of = |(name, there): (&Ident, &Arc<Table>)| {
        if moved.iter().any(|rename| rename.table == *name) {
            return None;
        }
        if let Some(identity) = identities.of(name) {
            let is_out = identity.away.is_none() && identity.called != *name;
            return is_out.then(|| RenameTable { table: identity.called.clone(), to: name.clone() });
        }
        let known = recorded.tables.get(name).filter(|known| !Arc::ptr_eq(known, there))?;
        if is_marked(known, there) {
            return None;
        }
        let is_it = |other: &&Arc<Table>| {
            let is_like = same_shape(known, other) || akin(known, other);
            let is_free = !taken.contains(&other.name);
            is_free && is_like && (is_marked(known, other) || !akin(known, there))
        };
        let mut like = others.tables.values().filter(is_it);
        let table = like.next().filter(|_| like.next().is_none())?.name.clone();
        Some(RenameTable { table, to: name.clone() })
    };
    own.tables.iter().filter_map(of).collect()
}

/// Whether what has a recorded table's name on PostgreSQL may be one of somebody's: it has none of the names on it.
#[must_use]
pub fn is_stranger(known: &Table, there: &Table) -> bool {
    let has_key = !known.primary_key.is_empty() && there.primary_key_name.as_ref() == Some(&known.key_name());
    !has_key && is_unmarked(known, there, Dialect::Postgres)
}

/// Whether the record's table has names on it that a rename would have left, and the one that is there has none of them.
/// SQLite gives keys no names, whatever the record calls them.
pub(super) fn is_unmarked(known: &Table, there: &Table, dialect: Dialect) -> bool {
    let key = known.key_name();
    let has_names = match dialect {
        Dialect::Postgres => !known.primary_key.is_empty() || !marks(known).is_empty(),
        Dialect::Sqlite => marks(known).iter().any(|mark| **mark != key),
    };
    has_names && !is_marked(known, there)
}

/// Whether a table that is there has a name on it that is one of the record's table.
pub(super) fn is_marked(known: &Table, there: &Table) -> bool {
    let (own, key) = (marks(known), known.key_name());
    marks(there).iter().any(|mark| own.contains(mark) || **mark == key)
}
