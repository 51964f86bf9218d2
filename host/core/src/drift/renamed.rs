//! Names that somebody changed by hand: what is missing under one name and there under another is not lost.

use super::exchanged::{carries, exchanged};
use super::identity::{Identities, Identity};
use super::marks::{displaced, is_marked, is_unmarked};
use super::{chosen, objects};
use crate::ddl::Dialect;
use crate::ident::Ident;
use crate::intent::{Intent, RenameCheck, RenameColumn, RenameTable};
use crate::schema::{Column, Schema, Table};

/// Tables that were given another name by hand: from the name that is there to the one that the record has.
pub(super) fn tables(
    recorded: &Schema,
    found: &Schema,
    unmanaged: &Schema,
    identities: &Identities,
    dialect: Dialect,
) -> Vec<RenameTable> {
    let mut renames = displaced(recorded, found, identities);
    let stays =
        |name: &Ident| found.tables.contains_key(name) && !renames.iter().any(|rename| rename.table == *name);
    let comes = |name: &Ident| renames.iter().any(|rename| rename.to == *name);
    let missing = recorded.tables.values().filter(|t| !stays(&t.name) && !comes(&t.name));
    let missing = missing.filter(|t| identities.of(&t.name).is_none());
    let lost: Vec<&Table> = missing.map(AsRef::as_ref).collect();
    let taken = identities.taken();
    let free = unmanaged.tables.values().filter(|table| !taken.contains(&table.name));
    let free: Vec<&Table> = free.map(AsRef::as_ref).collect();
    let search = Search { lost, free, dialect };
    let came: Vec<_> = search.lost.iter().filter_map(|known| search.rename(known)).collect();
    renames.extend(came);
    renames
}

/// Recorded tables that are not there, and tables of nobody.
struct Search<'a> {
    lost: Vec<&'a Table>,
    free: Vec<&'a Table>,
    dialect: Dialect,
}

impl<'a> Search<'a> {
    /// What gives a lost table its name back, if one that is there is it.
    fn rename(&self, known: &Table) -> Option<RenameTable> {
        let back =
            |there: &Table| only(&self.lost, |known| self.may_be(known, there), |known| is_it(known, there));
        let like = only(&self.free, |there| self.may_be(known, there), |there| is_it(known, there));
        let like = like.filter(|there| back(there).is_some_and(|back| back.name == known.name));
        let there = like.or_else(|| self.by_name(known))?;
        Some(RenameTable { table: there.name.clone(), to: known.name.clone() })
    }

    /// Whether one looks just like the other, and no name on it says that it is not.
    fn may_be(&self, known: &Table, there: &Table) -> bool {
        same_shape(known, there) && !is_unmarked(known, there, self.dialect)
    }

    /// Of several that look just like several that are lost, the one whose name says which it was: `lead_old`, `Lead`. Of two
    /// names that it has in its own, the longer one says it.
    fn by_name(&self, known: &Table) -> Option<&'a Table> {
        let lower = |table: &Table| table.name.as_str().to_ascii_lowercase();
        let says =
            |known: &Table, there: &Table| self.may_be(known, there) && lower(there).contains(&lower(known));
        let is_others = |there: &Table| {
            let is_longer = |other: &Table| lower(other).len() > lower(known).len();
            let claims = |other: &Table| is_it(other, there) || says(other, there) && is_longer(other);
            self.lost.iter().any(|other| other.name != known.name && claims(other))
        };
        let mut like = self.free.iter().filter(|there| says(known, there) && !is_others(there));
        like.next().filter(|_| like.next().is_none()).copied()
    }
}

/// Whether a name on a table says that it is a recorded one, however it was changed besides.
fn is_it(known: &Table, there: &Table) -> bool {
    is_marked(known, there) && akin(known, there)
}

/// The one table that may be meant; where several may be, the one that is.
fn only<'a>(
    among: &[&'a Table],
    may_be: impl Fn(&Table) -> bool,
    is_it: impl Fn(&Table) -> bool,
) -> Option<&'a Table> {
    let one = |tables: Vec<&'a Table>| match tables[..] {
        [one] => Some(one),
        _ => None,
    };
    let of = |is_meant: &dyn Fn(&Table) -> bool| {
        one(among.iter().copied().filter(|table| is_meant(table)).collect())
    };
    of(&may_be).or_else(|| of(&is_it))
}

/// Whether a table has at least half of the columns that a recorded one has: it may have been changed besides.
pub(super) fn akin(known: &Table, there: &Table) -> bool {
    alike(known, there) * 2 >= known.columns.len()
}

/// How many columns of a recorded table another one has, by name and type.
pub(super) fn alike(known: &Table, there: &Table) -> usize {
    let same = |column: &&Column| there.column(&column.name).is_some_and(|found| found.ty == column.ty);
    known.columns.values().filter(same).count()
}

/// Whether two tables have columns of the same types in the same order, and most of them of the same name.
pub(super) fn same_shape(a: &Table, b: &Table) -> bool {
    if a.columns.len() + a.buried.len() != b.columns.len() + b.buried.len() {
        return false;
    }
    let (a, b) = (a.physical(), b.physical());
    let pairs = || a.columns.values().zip(b.columns.values());
    let named = pairs().filter(|(a, b)| a.name == b.name).count();
    a.columns.len() == b.columns.len() && pairs().all(|(a, b)| a.ty == b.ty) && named * 2 > a.columns.len()
}

/// Columns and checks of one table, likewise.
pub(super) fn within(
    wanted: &Table,
    recorded: &Table,
    found: &Table,
    identity: Option<&Identity>,
) -> Vec<Intent> {
    let table = || found.name.clone();
    let columns = match identity {
        Some(identity) => identity.columns_back(wanted, recorded, found),
        None => exchanged(recorded, found).unwrap_or_else(|| columns(wanted, recorded, found)),
    };
    let columns = columns
        .into_iter()
        .map(|(column, to)| Intent::RenameColumn(RenameColumn { table: table(), column, to }));
    let checks = checks(wanted, found).into_iter().chain(chosen::renamed(wanted, found));
    let checks = checks.map(|(name, to)| Intent::RenameCheck(RenameCheck { table: table(), name, to }));
    columns.chain(checks).chain(objects::renamed(wanted, recorded, found)).collect()
}

/// A column that is missing is one that came if it has what was on it, or the type and place of it, or if there are no others
/// and nothing else was in its place.
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
    // One that came where another still is was made, and is no rename.
    let is_made = |came: &&Column| {
        let place = now.columns.get_index_of(&came.name).and_then(|place| before.columns.get_index(place));
        place.is_some_and(|(name, _)| now.columns.contains_key(name))
    };
    let alone = missing.len() == 1 && came.len() == 1 && !came.iter().any(is_made);
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
            // What is on it tells, whatever was done to it besides.
            let carries = |c: &&&Column| carries(recorded, found, &lost.name, &c.name);
            let came = came.iter().find(carries).or_else(|| came.iter().find(same))?;
            Some((came.name.clone(), lost.name.clone()))
        })
        .collect()
}

/// Each check that came is that of one that is missing.
fn checks(wanted: &Table, found: &Table) -> Vec<(Ident, Ident)> {
    let beside = |of: &Table, name: &Ident| !of.checks.iter().any(|check| check.name == *name);
    let mut came: Vec<_> = found.checks.iter().filter(|c| beside(wanted, &c.name)).collect();
    let missing = wanted.checks.iter().filter(|c| beside(found, &c.name));
    let pair = missing.filter_map(|lost| {
        let place = came.iter().position(|c| c.expression == lost.expression)?;
        Some((came.remove(place).name.clone(), lost.name.clone()))
    });
    pair.collect()
}
