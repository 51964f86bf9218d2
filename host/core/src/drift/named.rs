//! What was given another name by hand, as findings, and as what renames it back.

use std::sync::Arc;

use super::{Drift, Finding, Moved, Part, Scope, World, dressed, part, renamed};
use crate::ident::Ident;
use crate::intent::Intent;
use crate::model::Model;
use crate::schema::Schema;

impl Drift {
    /// The finding that a name was changed.
    pub(super) fn renaming(&self, intent: &Intent) -> Option<Finding> {
        let table =
            |table: &Ident| self.found.table(table).or_else(|| self.found.table(&self.origin(table)?));
        let (table, part, from, to) = match intent {
            Intent::RenameTable(r) => (r.to.clone(), Part::Table, r.table.clone(), r.to.clone()),
            Intent::RenameColumn(r) => {
                (r.table.clone(), Part::Column(r.to.clone()), r.column.clone(), r.to.clone())
            }
            Intent::RenameCheck(r) => {
                (r.table.clone(), Part::Check(r.to.clone()), r.name.clone(), r.to.clone())
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
        Some(Finding { table, part, wanted, recorded, found, renamed, moved, adoptable })
    }

    pub(super) fn has_rename(&self, scope: &Scope, intent: &Intent) -> bool {
        self.renaming(intent).is_some_and(|finding| scope.has(&finding))
    }
}

/// Finds what was given another name by hand: the host's tables under the names that they have, and what renames them.
pub(super) fn names_back(world: &World<'_>, own: Schema, others: &Schema) -> (Schema, Vec<Intent>) {
    let World { wanted, recorded, .. } = world;
    let mut base = own;
    let tables = renamed::tables(recorded, &base, others);
    for rename in &tables {
        if let (Some(there), Some(known)) = (others.table(&rename.table), recorded.table(&rename.to)) {
            base.insert(dressed(there, known, world.comments));
        }
    }
    let mut renames: Vec<_> = tables.into_iter().map(Intent::RenameTable).collect();
    let mut model = Model::new(Arc::new(base.clone()));
    renames.iter().for_each(|rename| drop(rename.apply(&mut model)));
    for (name, table) in &model.schema().tables {
        if let (Some(wanted), Some(recorded)) = (wanted.table(name), recorded.table(name)) {
            renames.extend(renamed::within(wanted, recorded, table));
        }
    }
    (base, renames)
}
