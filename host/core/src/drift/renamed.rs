//! Names that somebody changed by hand: what is missing under one name and there under another is not lost.

use super::chosen;
use super::exchanged::exchanged;
use super::marks::{displaced, is_marked};
use crate::ident::Ident;
use crate::intent::{
    Intent, RenameCheck, RenameColumn, RenameForeignKey, RenameIndex, RenamePrimaryKey, RenameTable,
    RenameUnique,
};
use crate::schema::{Column, ForeignKey, Schema, Table};

/// Tables that were given another name by hand: from the name that is there to the one that the record has.
pub(super) fn tables(recorded: &Schema, found: &Schema, unmanaged: &Schema) -> Vec<RenameTable> {
    let mut renames = displaced(recorded, found);
    let stays =
        |name: &Ident| found.tables.contains_key(name) && !renames.iter().any(|rename| rename.table == *name);
    let comes = |name: &Ident| renames.iter().any(|rename| rename.to == *name);
    let missing = recorded.tables.values().filter(|t| !stays(&t.name) && !comes(&t.name));
    let lost: Vec<&Table> = missing.map(AsRef::as_ref).collect();
    let free: Vec<&Table> = unmanaged.tables.values().map(AsRef::as_ref).collect();
    let pair = |known: &&Table| {
        let there = only(known, &free, |a, b| (a, b))?;
        let back = only(there, &lost, |a, b| (b, a))?;
        let is_pair = back.name == known.name;
        is_pair.then(|| RenameTable { table: there.name.clone(), to: back.name.clone() })
    };
    let came: Vec<_> = lost.iter().filter_map(pair).collect();
    renames.extend(came);
    renames
}

/// The one table among some that looks just like another; where several do, the one whose names tell it.
fn only<'a>(
    of: &Table,
    among: &[&'a Table],
    known_first: impl for<'t> Fn(&'t Table, &'t Table) -> (&'t Table, &'t Table),
) -> Option<&'a Table> {
    let one = |tables: &[&'a Table]| match tables {
        [one] => Some(*one),
        _ => None,
    };
    let told = |table: &&&'a Table| {
        let (known, there) = known_first(of, table);
        is_marked(known, there) && akin(known, there)
    };
    let like: Vec<&Table> = among.iter().filter(|table| alike(table, of)).copied().collect();
    one(&like).or_else(|| one(&among.iter().filter(told).copied().collect::<Vec<_>>()))
}

/// Whether a table has most of the columns that a recorded one has: it may have been changed besides.
pub(super) fn akin(known: &Table, there: &Table) -> bool {
    let same = |column: &&Column| there.column(&column.name).is_some_and(|found| found.ty == column.ty);
    known.columns.values().filter(same).count() * 2 > known.columns.len()
}

/// Whether two tables have columns of the same types in the same order, and most of them of the same name.
pub(super) fn alike(a: &Table, b: &Table) -> bool {
    let (a, b) = (a.physical(), b.physical());
    let pairs = || a.columns.values().zip(b.columns.values());
    let named = pairs().filter(|(a, b)| a.name == b.name).count();
    a.columns.len() == b.columns.len() && pairs().all(|(a, b)| a.ty == b.ty) && named * 2 > a.columns.len()
}

/// Columns and checks of one table, likewise.
pub(super) fn within(wanted: &Table, recorded: &Table, found: &Table) -> Vec<Intent> {
    let table = || found.name.clone();
    let columns = exchanged(recorded, found).unwrap_or_else(|| columns(wanted, recorded, found)).into_iter();
    let columns =
        columns.map(|(column, to)| Intent::RenameColumn(RenameColumn { table: table(), column, to }));
    let checks = checks(wanted, found).chain(chosen::renamed(wanted, found));
    let checks = checks.map(|(name, to)| Intent::RenameCheck(RenameCheck { table: table(), name, to }));
    columns.chain(checks).chain(objects(wanted, recorded, found)).collect()
}

/// Keys, indexes and constraints that are what they were, under another name: what is changed later goes by
/// the name.
fn objects(wanted: &Table, recorded: &Table, found: &Table) -> Vec<Intent> {
    let table = || found.name.clone();
    let taken: Vec<_> = names(found).collect();
    let free = |name: &Ident| !taken.contains(&name);
    let mut renames = Vec::new();
    let key = recorded.key_name();
    let same_key = found.primary_key == recorded.primary_key && found.primary_key == wanted.primary_key;
    if same_key && found.primary_key_name.as_ref().is_some_and(|name| *name != key) && free(&key) {
        renames.push(Intent::RenamePrimaryKey(RenamePrimaryKey { table: table(), to: key }));
    }
    for known in recorded.indexes.iter().filter(|known| free(&known.name)) {
        if !wanted.indexes.iter().any(|index| index.shape == known.shape) {
            continue;
        }
        let mut like = found.indexes.iter().filter(|index| index.shape == known.shape);
        if like.next().is_some() && like.next().is_none() {
            let (index, to) = (known.shape.clone(), known.name.clone());
            renames.push(Intent::RenameIndex(RenameIndex { table: table(), index, to }));
        }
    }
    for known in recorded.uniques.iter().filter(|known| free(&known.name)) {
        let has = |of: &Table| of.uniques.iter().any(|unique| unique.columns == known.columns);
        if has(wanted) && has(found) {
            let (columns, to) = (known.columns.clone(), known.name.clone());
            renames.push(Intent::RenameUnique(RenameUnique { table: table(), columns, to }));
        }
    }
    for known in recorded.foreign_keys.iter().filter(|known| free(&known.name)) {
        let like = |key: &ForeignKey| key.columns == known.columns && key.table == known.table;
        if wanted.foreign_keys.iter().any(like) && found.foreign_keys.iter().any(like) {
            let (columns, to) = (known.columns.clone(), known.name.clone());
            renames.push(Intent::RenameForeignKey(RenameForeignKey { table: table(), columns, to }));
        }
    }
    renames
}

fn names(table: &Table) -> impl Iterator<Item = &Ident> {
    let uniques = table.uniques.iter().map(|unique| &unique.name);
    let keys = table.foreign_keys.iter().map(|key| &key.name);
    table.indexes.iter().map(|index| &index.name).chain(uniques).chain(keys)
}

/// A column that is missing is one that came if it has the type and place of it, or if there are no others.
fn columns(wanted: &Table, recorded: &Table, found: &Table) -> Vec<(Ident, Ident)> {
    let missing: Vec<_> = recorded
        .columns
        .values()
        .filter(|c| wanted.columns.contains_key(&c.name) && !found.columns.contains_key(&c.name))
        .collect();
    if missing.is_empty() {
        return Vec::new();
    }
    let (before, now) = (recorded.physical(), found.physical());
    let came: Vec<_> = found
        .columns
        .values()
        .filter(|c| !recorded.columns.contains_key(&c.name) && !wanted.columns.contains_key(&c.name))
        .collect();
    let alone = missing.len() == 1 && came.len() == 1;
    missing
        .into_iter()
        .filter_map(|lost| {
            let place = before.columns.get_index_of(&lost.name);
            let same = |c: &&&Column| {
                let there = now.columns.get_index_of(&c.name) == place || alone;
                let values = chosen::values(found, c, &lost.name);
                let same_type = c.ty == lost.ty || values.is_some_and(|v| lost.ty.values() == Some(&v[..]));
                same_type && c.unread.is_none() && there
            };
            came.iter().find(same).map(|c| (c.name.clone(), lost.name.clone()))
        })
        .collect()
}

fn checks<'a>(wanted: &'a Table, found: &'a Table) -> impl Iterator<Item = (Ident, Ident)> + 'a {
    let missing = wanted.checks.iter().filter(|c| !found.checks.iter().any(|f| f.name == c.name));
    missing.filter_map(|lost| {
        let came = |c: &&crate::schema::Check| {
            c.expression == lost.expression && !wanted.checks.iter().any(|w| w.name == c.name)
        };
        found.checks.iter().find(came).map(|c| (c.name.clone(), lost.name.clone()))
    })
}
