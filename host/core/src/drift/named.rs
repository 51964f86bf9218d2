//! What was given another name by hand, as findings, and as what renames it back.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{Drift, Finding, Moved, Part, Scope, World, dressed, part, renamed, strangers, undone};
use crate::ident::Ident;
use crate::intent::{Intent, RenameColumn, RenameTable};
use crate::model::Model;
use crate::plan::in_order_by;
use crate::schema::{Schema, Table};

/// How names begin by which tables or columns change places.
const PASSING: &str = "passing";

impl Drift {
    /// The finding that a name was changed.
    pub(super) fn renaming(&self, intent: &Intent) -> Option<Finding> {
        let table = |table: &Ident| self.found.table(&self.origin(table).unwrap_or_else(|| table.clone()));
        let (table, part, from, to) = match intent {
            Intent::RenameTable(r) => (r.to.clone(), Part::Table, r.table.clone(), r.to.clone()),
            Intent::RenameColumn(r) => {
                (r.table.clone(), Part::Column(r.to.clone()), r.column.clone(), r.to.clone())
            }
            Intent::RenameCheck(r) => {
                (r.table.clone(), Part::Check(r.to.clone()), r.name.clone(), r.to.clone())
            }
            Intent::RenamePrimaryKey(r) => {
                (r.table.clone(), Part::PrimaryKey, table(&r.table)?.key_name(), r.to.clone())
            }
            Intent::RenameIndex(r) => {
                let index = table(&r.table)?.indexes.iter().find(|index| index.shape == r.index)?;
                (r.table.clone(), Part::Index(part::shape(index)), index.name.clone(), r.to.clone())
            }
            Intent::RenameUnique(r) => {
                let unique = table(&r.table)?.uniques.iter().find(|unique| unique.columns == r.columns)?;
                (r.table.clone(), Part::Unique(r.columns.clone()), unique.name.clone(), r.to.clone())
            }
            Intent::RenameForeignKey(r) => {
                let key = table(&r.table)?.foreign_keys.iter().find(|key| key.columns == r.columns)?;
                (r.table.clone(), Part::ForeignKey(r.columns.clone()), key.name.clone(), r.to.clone())
            }
            _ => return None,
        };
        let wanted = Some(to.as_str().to_owned());
        let found = Some(from.as_str().to_owned());
        let (recorded, renamed, adoptable, moved) = (wanted.clone(), Some(from), false, Moved::Hands);
        let called = None;
        Some(Finding { table, part, wanted, recorded, found, renamed, called, moved, adoptable })
    }

    /// What renames back whatever is in a scope, and the tables that are in the way of its tables.
    pub(super) fn names_in(&self, scope: &Scope) -> Vec<Intent> {
        let together = scope.table.as_ref().map(|table| self.trading(table)).unwrap_or_default();
        let is_meant = |intent: &&Intent| match intent {
            Intent::RenameTable(rename) if together.contains(&rename.table) => true,
            _ => self.renaming(intent).is_some_and(|finding| scope.has(&finding)),
        };
        self.renames.iter().filter(is_meant).cloned().collect()
    }

    /// The names that a table and those have that are to move before it can have its own back.
    pub(super) fn trading(&self, table: &Ident) -> BTreeSet<Ident> {
        let (mut names, mut to) = (BTreeSet::new(), table.clone());
        while let Some(from) = self.origin(&to) {
            names.insert(to.clone());
            let is_new = names.insert(from);
            let next = self.renames.iter().find_map(|intent| match intent {
                Intent::RenameTable(rename) if rename.table == to => Some(rename.to.clone()),
                _ => None,
            });
            match next.filter(|_| is_new) {
                Some(next) => to = next,
                None => break,
            }
        }
        names
    }

    /// A scope of one column, as one of its table if two columns changed places: neither can move alone.
    pub(super) fn widened(&self, scope: &Scope) -> Scope {
        let is_traded = |column: &Ident| {
            let both = self.renames.iter().filter(|intent| match intent {
                Intent::RenameColumn(r) => {
                    Some(&r.table) == scope.table.as_ref() && (r.column == *column || r.to == *column)
                }
                _ => false,
            });
            both.count() > 1
        };
        let column = scope.column.clone().filter(|column| !is_traded(column));
        Scope { column, ..scope.clone() }
    }
}

/// Finds what was given another name by hand: the host's tables under the names that they have, and what renames them.
pub(super) fn names_back(world: &World<'_>, own: Schema, others: &mut Schema) -> (Schema, Vec<Intent>) {
    let World { wanted, recorded, found, metadata, .. } = world;
    let mut base = own;
    let mut tables = renamed::tables(recorded, &base, others);
    tables.extend(undone::tables(wanted, recorded, &base, metadata));
    tables.retain(|rename| !strangers::is_taken(world, &rename.to));
    for rename in &tables {
        if let (Some(there), Some(known)) = (found.table(&rename.table), recorded.table(&rename.to)) {
            base.insert(dressed(there, known, world.comments));
            others.tables.remove(&rename.table);
        }
    }
    let mut renames: Vec<_> = tables.into_iter().map(Intent::RenameTable).collect();
    let model = applied(&base, &renames);
    // SQLite gives keys no names.
    let named_keys = found.tables.values().any(|table| table.primary_key_name.is_some());
    for (name, table) in &model.schema().tables {
        if let (Some(wanted), Some(known)) = (wanted.table(name), recorded.tables.get(name))
            && !Arc::ptr_eq(known, table)
        {
            let within = renamed::within(wanted, known, table);
            let is_there = |rename: &Intent| named_keys || !matches!(rename, Intent::RenamePrimaryKey(_));
            renames.extend(within.into_iter().filter(is_there));
        }
        if let (Some(wanted), Some(known), Some(entity)) =
            (wanted.table(name), recorded.table(name), metadata.entity(name))
        {
            renames.extend(undone::columns(wanted, known, table, entity).map(Intent::RenameColumn));
        }
    }
    (base, renames)
}

/// A schema with some names given back.
pub(super) fn applied(base: &Schema, renames: &[Intent]) -> Model {
    let mut model = Model::new(Arc::new(base.clone()));
    // What cannot be renamed back is told as what it is: missing, and there under another name.
    in_turn(renames, base).iter().for_each(|intent| drop(intent.apply(&mut model)));
    model
}

/// Renames in an order in which each name is free.
pub(super) fn in_turn(renames: &[Intent], base: &Schema) -> Vec<Intent> {
    let (mut tables, mut columns, mut rest) = (Vec::new(), BTreeMap::<_, Vec<_>>::new(), Vec::new());
    for intent in renames {
        match intent {
            Intent::RenameTable(r) => tables.push((r.table.clone(), r.to.clone())),
            Intent::RenameColumn(r) => {
                columns.entry(&r.table).or_default().push((r.column.clone(), r.to.clone()));
            }
            other => rest.push(other.clone()),
        }
    }
    let origin = |name: &Ident| tables.iter().find(|(_, to)| to == name).map(|(from, _)| from.clone());
    let mut all = Vec::with_capacity(renames.len());
    for (table, pairs) in columns {
        let there = base.table(&origin(table).unwrap_or_else(|| table.clone()));
        let taken = there.into_iter().flat_map(|t: &Table| t.columns.keys().cloned());
        for (column, to) in in_order_by(PASSING, pairs, taken) {
            all.push(Intent::RenameColumn(RenameColumn { table: table.clone(), column, to }));
        }
    }
    let moves = in_order_by(PASSING, tables, base.tables.keys().cloned());
    let moves = moves.into_iter().map(|(table, to)| Intent::RenameTable(RenameTable { table, to }));
    moves.chain(all).chain(rest).collect()
}
