//! What undoes a change: found when it is worked out, kept with it in the ledger, carried out by a rollback.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::ident::Ident;
use crate::intent::{Intent, Inverse, Touch};
use crate::metadata::{Changed, Entity, Field, Metadata, StableId};
use crate::schema::{Schema, Table};
use crate::shared::unshared;
use crate::spec::FieldSpec;

/// What undoes a change.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Undo {
    /// The intents that undo its own, in order.
    #[serde(default)]
    pub intents: Vec<Intent>,
    /// Its intents that nothing undoes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unknown: Vec<Unknown>,
    /// What it touched.
    #[serde(default)]
    pub touched: BTreeSet<Touch>,
    /// The metadata it changed, as they were.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub metadata: Vec<Before>,
    /// The changes that it rolled back, if it does nothing else.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rolls_back: Vec<String>,
}

/// An intent that nothing undoes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Unknown {
    /// The intent.
    pub intent: Intent,
    /// Why nothing undoes it.
    pub why: String,
}

/// A part of the metadata as it was before a change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Before {
    /// An entity that was deleted, or (without one) created.
    Entity {
        /// Its id.
        id: StableId,
        /// It, if it was there.
        was: Option<Entity>,
    },
    /// Name, label and comment of an entity that stayed.
    Head {
        /// Its id.
        id: StableId,
        /// Its name.
        name: Ident,
        /// Its label.
        label: Option<String>,
        /// Its comment.
        comment: Option<String>,
    },
    /// A field of an entity that stayed.
    Field {
        /// The entity's id.
        entity: StableId,
        /// The field's id.
        id: StableId,
        /// Its place among the others.
        position: usize,
        /// What it was, if it was there.
        was: Option<FieldSpec>,
    },
}

impl Undo {
    /// What undoes intents that were carried out in this order.
    pub(crate) fn of<'i>(done: impl DoubleEndedIterator<Item = (&'i Intent, &'i Inverse)>) -> Self {
        let mut undo = Self::default();
        for (intent, inverse) in done.rev() {
            undo.touched.extend(intent.touches());
            match inverse {
                Ok(inverse) => {
                    undo.touched.extend(inverse.iter().flat_map(Intent::touches));
                    undo.intents.extend(inverse.iter().cloned());
                }
                Err(why) => undo.unknown.push(Unknown { intent: intent.clone(), why: (*why).to_owned() }),
            }
        }
        undo
    }

    /// With what a change does to the metadata.
    #[must_use]
    pub fn with_metadata(mut self, before: &Metadata, after: &Metadata) -> Self {
        self.metadata = edits(before, after);
        let touched = self.metadata.iter().map(|edit| match edit {
            Before::Entity { id, .. } => Touch::Entity(id.clone()),
            Before::Head { id, .. } => Touch::Head(id.clone()),
            Before::Field { entity, id, .. } => Touch::Field(entity.clone(), id.clone()),
        });
        self.touched.extend(touched);
        self
    }

    /// With what a change has the record say otherwise, which its intents need not: what hands did was taken over.
    #[must_use]
    pub fn with_record(mut self, before: &Schema, after: &Schema) -> Self {
        let differing =
            unshared(&before.tables, &after.tables).chain(unshared(&after.tables, &before.tables));
        for name in differing.map(|table| &table.name) {
            match (before.table(name), after.table(name)) {
                (Some(before), Some(after)) => self.touched.extend(apart(before, after)),
                _ => drop(self.touched.insert(Touch::Table(name.clone()))),
            }
        }
        self
    }

    /// Whether a later change touched something that this one did.
    #[must_use]
    pub fn meets(&self, later: &BTreeSet<Touch>) -> bool {
        self.touched.iter().any(|own| later.iter().any(|other| own.meets(other)))
    }
}

/// Where two tables of one name differ.
fn apart(before: &Table, after: &Table) -> BTreeSet<Touch> {
    let name = &before.name;
    let mut columns = BTreeSet::new();
    for (one, other) in [(before, after), (after, before)] {
        let differing = one.columns.values().filter(|column| other.column(&column.name) != Some(*column));
        columns.extend(differing.map(|column| column.name.clone()));
        let uniques = one.uniques.iter().filter(|unique| !other.uniques.contains(unique));
        columns.extend(uniques.flat_map(|unique| unique.columns.clone()));
        let keys = one.foreign_keys.iter().filter(|key| !other.foreign_keys.contains(key));
        columns.extend(keys.flat_map(|key| key.columns.clone()));
        let indexes = one.indexes.iter().filter(|index| !other.indexes.contains(index));
        columns.extend(indexes.flat_map(|index| index.shape.columns()));
        let checks = one.checks.iter().filter(|check| !other.checks.contains(check));
        columns.extend(checks.flat_map(|check| check.expression.columns()));
    }
    let whole = before.primary_key != after.primary_key || before.comment != after.comment;
    let columns = columns.into_iter().map(|column| Touch::Column(name.clone(), column));
    columns.chain(whole.then(|| Touch::Table(name.clone()))).collect()
}

/// Each part of the metadata that differs, as it was.
fn edits(before: &Metadata, after: &Metadata) -> Vec<Before> {
    let mut edits = Vec::new();
    for (id, Changed { before, after }) in Metadata::changes(before, after) {
        match (before, after) {
            (Some(old), Some(new)) => inside(old, new, &mut edits),
            (was, _) => edits.push(Before::Entity { id: id.clone(), was: was.cloned() }),
        }
    }
    edits
}

fn inside(old: &Entity, new: &Entity, edits: &mut Vec<Before>) {
    if (&old.name, &old.label, &old.comment) != (&new.name, &new.label, &new.comment) {
        let Entity { id, name, label, comment, fields: _ } = old.clone();
        edits.push(Before::Head { id, name, label, comment });
    }
    let known: BTreeMap<&StableId, &Field> = new.fields.iter().map(|f| (&f.id, f)).collect();
    for (position, field) in old.fields.iter().enumerate() {
        if known.get(&field.id) != Some(&field) {
            let (entity, id, was) = (old.id.clone(), field.id.clone(), Some(field.spec.clone()));
            edits.push(Before::Field { entity, id, position, was });
        }
    }
    for field in new.fields.iter().filter(|f| !old.fields.iter().any(|o| o.id == f.id)) {
        let (entity, id) = (old.id.clone(), field.id.clone());
        edits.push(Before::Field { entity, id, position: 0, was: None });
    }
}
