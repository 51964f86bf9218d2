//! Columns whose names columns of somebody's have, made after they were called otherwise. Nothing is done about one before its
//! name is free: until then it is taken for what the record says, and what has its name is left out of the picture.

use super::named::applied;
use super::{Finding, Need, Part, World};
use crate::ident::Ident;
use crate::intent::{Intent, RenameColumn, RenameTable};
use crate::schema::{Schema, Table, names};

/// What is told of them. In the base, each is what the record says.
pub(super) fn columns(world: &World<'_>, base: &mut Schema, moved: &[RenameTable]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (name, known) in &world.recorded.tables {
        let Some(identity) = world.identities.of(name).filter(|identity| !identity.columns.is_empty()) else {
            continue;
        };
        let at = moved.iter().find(|rename| rename.to == *name).map_or(name, |rename| &rename.table);
        let (Some(wanted), Some(found)) = (world.wanted.table(name), base.table(at)) else { continue };
        let covered = covered(&identity.columns_back(wanted, known, found), found);
        if covered.is_empty() {
            continue;
        }
        let taken = |name: &Ident| found.columns.keys().any(|column| column.collides(name));
        findings.extend(covered.iter().map(|(now, was)| {
            // Another of the table's own waits for its place, too.
            let is_own = covered.iter().any(|(now, _)| now == was);
            let needs = if is_own { Need::Others } else { Need::Room(names::aside(was, taken)) };
            let finding = Finding::renamed(name, Part::Column(was.clone()), now.clone(), was);
            Finding { needs: Some(needs), ..finding }
        }));
        uncover(base, at, known, &covered);
    }
    findings
}

/// Those renames of columns for which there is no place.
fn covered(back: &[(Ident, Ident)], found: &Table) -> Vec<(Ident, Ident)> {
    let mut free = back.to_vec();
    loop {
        let leaves = |name: &Ident| free.iter().any(|(now, _)| now == name);
        let has_place = |(_, was): &&(Ident, Ident)| !found.columns.contains_key(was) || leaves(was);
        let kept: Vec<_> = free.iter().filter(has_place).cloned().collect();
        if kept.len() == free.len() {
            return back.iter().filter(|pair| !free.contains(pair)).cloned().collect();
        }
        free = kept;
    }
}

/// Gives columns their names, in place of those that have them.
fn uncover(base: &mut Schema, at: &Ident, known: &Table, covered: &[(Ident, Ident)]) {
    let Some(table) = base.table_mut(at) else { return };
    for (_, cover) in covered.iter().filter(|(_, was)| !covered.iter().any(|(now, _)| now == was)) {
        without(table, cover);
    }
    let rename = |(now, was): &(Ident, Ident)| {
        Intent::RenameColumn(RenameColumn { table: at.clone(), column: now.clone(), to: was.clone() })
    };
    *base = applied(base, &covered.iter().map(rename).collect::<Vec<_>>()).schema().clone();
    let Some(table) = base.table_mut(at) else { return };
    for (_, was) in covered {
        if let (Some(column), Some(known)) = (table.columns.get_mut(was), known.column(was)) {
            column.clone_from(known);
        }
    }
}

/// Takes a column out of a table, with all that is on it.
fn without(table: &mut Table, column: &Ident) {
    table.columns.shift_remove(column);
    table.primary_key.retain(|name| name != column);
    table.uniques.retain(|unique| !unique.columns.contains(column));
    table.foreign_keys.retain(|key| !key.columns.contains(column));
    table.checks.retain(|check| !check.expression.columns().contains(column));
    table.indexes.retain(|index| !index.shape.columns().contains(column));
}
