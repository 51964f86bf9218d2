//! An organisation's metadata: its entities and fields, with ids that outlive their names.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::ident::Ident;
use crate::shared::{Shared, unshared};
use crate::spec::{EntitySpec, FieldSpec};

/// The id of an entity or field: 32 hex digits, made from the event that created it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StableId(Arc<str>);

impl StableId {
    /// The id of what `event` creates under `path` (entity, then field).
    #[must_use]
    pub fn derive(event: &str, path: &[&str]) -> Self {
        let mut hash = Sha256::new();
        for part in std::iter::once(&event).chain(path) {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        }
        Self(hex::encode(&hash.finalize()[..16]).into())
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A field with its id.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Field {
    /// Stays through renames.
    pub id: StableId,
    /// What it is.
    #[serde(flatten)]
    pub spec: FieldSpec,
}

/// An entity with its id.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entity {
    /// Stays through renames.
    pub id: StableId,
    /// Its name, and its table's.
    pub name: Ident,
    /// What people call it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// A note kept beside the table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// In the order of their creation.
    pub fields: Vec<Field>,
}

/// All entities of an organisation. An entity is shared until it is changed, and so is the map: a copy costs nothing.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Metadata {
    /// By name.
    pub entities: Shared<Entity>,
}

/// An entity that came, changed or went.
#[derive(Debug, Clone, Copy, Default)]
pub struct Changed<'m> {
    /// As it was, unless it came.
    pub before: Option<&'m Entity>,
    /// As it is, unless it went.
    pub after: Option<&'m Entity>,
}

impl Entity {
    /// A field by its name.
    #[must_use]
    pub fn field(&self, name: &Ident) -> Option<&Field> {
        self.fields.iter().find(|f| f.spec.name == *name)
    }

    /// A field whose name collides with `name` when case does not count.
    #[must_use]
    pub fn colliding_field(&self, name: &Ident) -> Option<&Field> {
        self.fields.iter().find(|f| f.spec.name.collides(name))
    }

    /// The entity as an event would create it.
    #[must_use]
    pub fn spec(&self) -> EntitySpec {
        EntitySpec {
            name: self.name.clone(),
            label: self.label.clone(),
            comment: self.comment.clone(),
            fields: self.fields.iter().map(|f| f.spec.clone()).collect(),
        }
    }
}

impl Metadata {
    /// The entities that differ, by their ids: as they were before, and as they are. What is shared was not changed.
    #[must_use]
    pub fn changes<'m>(before: &'m Self, after: &'m Self) -> BTreeMap<&'m StableId, Changed<'m>> {
        let mut changes = BTreeMap::<_, Changed>::new();
        unshared(&before.entities, &after.entities)
            .for_each(|e| changes.entry(&e.id).or_default().before = Some(e));
        unshared(&after.entities, &before.entities)
            .for_each(|e| changes.entry(&e.id).or_default().after = Some(e));
        changes
    }

    /// An entity by its name.
    #[must_use]
    pub fn entity(&self, name: &Ident) -> Option<&Entity> {
        self.entities.get(name).map(AsRef::as_ref)
    }

    /// An entity whose name collides with `name` when case does not count.
    #[must_use]
    pub fn colliding_entity(&self, name: &Ident) -> Option<&Entity> {
        match self.entity(name) {
            Some(entity) => Some(entity),
            None => self.entities.values().find(|e| e.name.collides(name)).map(AsRef::as_ref),
        }
    }

    /// Fields that refer to `entity` (to one column of it, if named), with the entity they are on.
    pub fn references_to<'a>(
        &'a self,
        entity: &'a Ident,
        column: Option<&'a Ident>,
    ) -> impl Iterator<Item = (&'a Entity, &'a Field)> {
        let refers = move |f: &&Field| {
            let reference = f.spec.references.as_ref();
            reference.is_some_and(|r| r.table == *entity && column.is_none_or(|c| r.column == *c))
        };
        self.entities.values().flat_map(move |e| e.fields.iter().filter(refers).map(move |f| (e.as_ref(), f)))
    }
}
