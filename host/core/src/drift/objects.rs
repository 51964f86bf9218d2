//! Keys, indexes and constraints that are what they were, under another name: what is changed later goes by the name.

use super::part::{Part, shape};
use crate::ident::Ident;
use crate::intent::{Intent, RenameForeignKey, RenameIndex, RenamePrimaryKey, RenameUnique};
use crate::schema::{ForeignKey, Index, Table, Unique};

/// What gives those of one table their names back. What there is twice cannot be told apart if neither has the name.
pub(super) fn renamed(wanted: &Table, recorded: &Table, found: &Table) -> Vec<Intent> {
    let table = || found.name.clone();
    let mut renames = Vec::new();
    let key = recorded.key_name();
    let same_key = found.primary_key == recorded.primary_key && found.primary_key == wanted.primary_key;
    if same_key && found.primary_key_name.as_ref().is_some_and(|name| *name != key) {
        renames.push(Intent::RenamePrimaryKey(RenamePrimaryKey { table: table(), to: key }));
    }
    for known in &recorded.indexes {
        let like = |index: &&Index| index.shape == known.shape;
        let names: Vec<_> = found.indexes.iter().filter(like).map(|index| &index.name).collect();
        if wanted.indexes.iter().any(|w| like(&w)) && is_other(&names, &known.name) && names.len() == 1 {
            let (index, to) = (known.shape.clone(), known.name.clone());
            renames.push(Intent::RenameIndex(RenameIndex { table: table(), index, to }));
        }
    }
    for known in &recorded.uniques {
        let like = |unique: &&Unique| unique.columns == known.columns;
        let names: Vec<_> = found.uniques.iter().filter(like).map(|unique| &unique.name).collect();
        if wanted.uniques.iter().any(|w| like(&w)) && is_other(&names, &known.name) {
            let (columns, to) = (known.columns.clone(), known.name.clone());
            renames.push(Intent::RenameUnique(RenameUnique { table: table(), columns, to }));
        }
    }
    for known in &recorded.foreign_keys {
        let like = |key: &&ForeignKey| key.columns == known.columns && key.table == known.table;
        let names: Vec<_> = found.foreign_keys.iter().filter(like).map(|key| &key.name).collect();
        if wanted.foreign_keys.iter().any(|w| like(&w)) && is_other(&names, &known.name) {
            let (columns, to) = (known.columns.clone(), known.name.clone());
            renames.push(Intent::RenameForeignKey(RenameForeignKey { table: table(), columns, to }));
        }
    }
    renames
}

/// Whether there is something, and none of it has the name.
fn is_other(names: &[&Ident], name: &Ident) -> bool {
    !names.is_empty() && !names.contains(&name)
}

/// What an intent gives another name to, as part of a table that is there, and the name that it has.
pub(super) fn named(intent: &Intent, table: &Table) -> Option<(Part, Ident)> {
    Some(match intent {
        Intent::RenameColumn(r) => (Part::Column(r.to.clone()), r.column.clone()),
        Intent::RenameCheck(r) => (Part::Check(r.to.clone()), r.name.clone()),
        Intent::RenamePrimaryKey(_) => (Part::PrimaryKey, table.key_name()),
        Intent::RenameIndex(r) => {
            let index = table.indexes.iter().find(|index| index.shape == r.index)?;
            (Part::Index(shape(index)), index.name.clone())
        }
        Intent::RenameUnique(r) => {
            let unique = table.uniques.iter().find(|unique| unique.columns == r.columns)?;
            (Part::Unique(r.columns.clone()), unique.name.clone())
        }
        Intent::RenameForeignKey(r) => {
            let key = table.foreign_keys.iter().find(|key| key.columns == r.columns)?;
            (Part::ForeignKey(r.columns.clone()), key.name.clone())
        }
        _ => return None,
    })
}

/// The table that an intent is on, and the name that it gives.
pub(super) fn target(intent: &Intent) -> Option<(&Ident, &Ident)> {
    Some(match intent {
        Intent::RenameTable(r) => (&r.to, &r.to),
        Intent::RenameColumn(r) => (&r.table, &r.to),
        Intent::RenameCheck(r) => (&r.table, &r.to),
        Intent::RenamePrimaryKey(r) => (&r.table, &r.to),
        Intent::RenameIndex(r) => (&r.table, &r.to),
        Intent::RenameUnique(r) => (&r.table, &r.to),
        Intent::RenameForeignKey(r) => (&r.table, &r.to),
        _ => return None,
    })
}

/// The same intent on what is called `from` by then, giving it the name `to`.
pub(super) fn by_way_of(intent: &Intent, from: &Ident, to: &Ident) -> Intent {
    let mut intent = intent.clone();
    match &mut intent {
        Intent::RenameCheck(r) => (r.name, r.to) = (from.clone(), to.clone()),
        Intent::RenamePrimaryKey(r) => r.to = to.clone(),
        Intent::RenameIndex(r) => r.to = to.clone(),
        Intent::RenameUnique(r) => r.to = to.clone(),
        Intent::RenameForeignKey(r) => r.to = to.clone(),
        _ => {}
    }
    intent
}
