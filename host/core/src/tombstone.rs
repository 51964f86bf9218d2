//! Tombstones: dropped tables and columns that can come back. The schema model keeps what they are
//! ([`crate::schema::BuriedTable`], [`crate::schema::BuriedColumn`]); here is where they are, what a change does to
//! them, and what the metadata remember of them.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::ident::Ident;
use crate::metadata::{Entity, Field, Metadata, StableId};
use crate::model::Model;
use crate::schema::{Index, Schema};
use crate::spec::{FieldSpec, OnDelete, Reference};

/// A table, or a column of one, by the names it has in the database.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The table.
    pub table: Ident,
    /// The column, if it is one.
    pub column: Option<Ident>,
}

impl Place {
    /// Where it was before a change; none if the change made it.
    pub(crate) fn origin(model: &Model, place: &Self) -> Option<Self> {
        let table = model.origin(&place.table)?;
        let column = match &place.column {
            Some(column) => Some(model.column_origin(&place.table, column)?),
            None => None,
        };
        Some(Self { table, column })
    }

    /// Everything that is kept though it is dropped.
    #[must_use]
    pub fn kept(schema: &Schema) -> BTreeSet<Self> {
        let of = |table: &Ident, columns: &indexmap::IndexMap<Ident, crate::schema::BuriedColumn>| {
            let place = |column: &Ident| Self { table: table.clone(), column: Some(column.clone()) };
            columns.keys().map(place).collect::<Vec<_>>()
        };
        let columns = schema.tables.iter().flat_map(|(name, t)| of(name, &t.buried));
        let tables = schema.buried.keys().map(|name| Self { table: name.clone(), column: None });
        let inside = schema.buried.iter().flat_map(|(name, t)| of(name, &t.table.buried));
        columns.chain(tables).chain(inside).collect()
    }
}

/// What a change does to tombstones.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tombstones {
    /// Those it makes: where each is now, and where it was before the change.
    pub new: Vec<(Place, Place)>,
    /// Those that get another place, by another name of their table: before and now.
    pub moved: Vec<(Place, Place)>,
    /// Those that go: what they stood for is restored or purged.
    pub gone: Vec<Place>,
}

impl Tombstones {
    /// What a changed model does to them.
    #[must_use]
    pub fn of(model: &Model) -> Self {
        let mut before = Place::kept(model.base());
        let mut found = Self::default();
        for now in Place::kept(model.schema()) {
            let Some(was) = Place::origin(model, &now) else { continue };
            match before.remove(&was) {
                true if was == now => {}
                true => found.moved.push((was, now)),
                false => found.new.push((now, was)),
            }
        }
        found.gone = before.into_iter().collect();
        found
    }

    /// Whether the change does nothing to any.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let Self { new, moved, gone } = self;
        new.is_empty() && moved.is_empty() && gone.is_empty()
    }
}

/// What the metadata lost with a dropped table or column: all of it comes back with it, under the same ids.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Memory {
    /// The entity, with a dropped table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entity: Option<Entity>,
    /// The field, with a dropped column.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<RememberedField>,
    /// What the fields that come back refer to: names may change meanwhile, ids do not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub targets: Vec<Target>,
    /// Fields of others that referred to it, and let go.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub released: Vec<Released>,
}

/// A field with its place among the others of its entity.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RememberedField {
    /// The place.
    pub position: usize,
    /// The field.
    pub field: Field,
}

/// What a field refers to, by ids.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Target {
    /// The field that refers.
    pub of: StableId,
    /// The entity it refers to.
    pub entity: StableId,
    /// The field it refers to.
    pub field: StableId,
}

/// A field that referred to what was dropped.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Released {
    /// Its entity.
    pub entity: StableId,
    /// The field.
    pub field: StableId,
    /// The column it referred to, by its name of then.
    pub column: Ident,
    /// What a deletion there did here.
    pub on_delete: OnDelete,
    /// The name of the foreign key, if there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<Ident>,
    /// Indexes that went with the reference: a plugin may have made them for it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub indexes: Vec<Index>,
}

impl Memory {
    /// What is to be remembered of a whole entity.
    #[must_use]
    pub fn of_entity(entity: &Entity, metadata: &Metadata, released: Vec<Released>) -> Self {
        let targets = entity.fields.iter().filter_map(|f| Target::of(f, metadata)).collect();
        Self { entity: Some(entity.clone()), field: None, targets, released }
    }

    /// What is to be remembered of a field.
    #[must_use]
    pub fn of_field(entity: &Entity, field: &Field, metadata: &Metadata, released: Vec<Released>) -> Self {
        let position = entity.fields.iter().position(|f| f.id == field.id).unwrap_or(entity.fields.len());
        let remembered = RememberedField { position, field: field.clone() };
        let targets = Target::of(field, metadata).into_iter().collect();
        Self { entity: None, field: Some(remembered), targets, released }
    }

    /// A field that comes back, referring to its target by the names of now.
    pub(crate) fn renewed(&self, field: &Field, metadata: &Metadata) -> Field {
        let target = self.targets.iter().find(|t| t.of == field.id);
        let now = target.and_then(|t| {
            let entity = metadata.entities.values().find(|e| e.id == t.entity)?;
            let field = entity.fields.iter().find(|f| f.id == t.field)?;
            Some((entity.name.clone(), field.spec.name.clone()))
        });
        let references = match (&field.spec.references, now) {
            (Some(reference), Some((table, column))) => {
                Some(Reference { table, column, ..reference.clone() })
            }
            (reference, _) => reference.clone(),
        };
        Field { id: field.id.clone(), spec: FieldSpec { references, ..field.spec.clone() } }
    }
}

impl Target {
    fn of(field: &Field, metadata: &Metadata) -> Option<Self> {
        let reference = field.spec.references.as_ref()?;
        let entity = metadata.entity(&reference.table)?;
        let target = entity.field(&reference.column)?;
        Some(Self { of: field.id.clone(), entity: entity.id.clone(), field: target.id.clone() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intent::testing::{add_column, create, ident, model};
    use crate::intent::{DropColumn, DropTable, Intent, PurgeColumn, RenameTable, RestoreTable};

    fn place(table: &str, column: Option<&str>) -> Place {
        Place { table: ident(table), column: column.map(ident) }
    }

    fn drop(table: &str, column: &str) -> Intent {
        Intent::DropColumn(DropColumn { table: ident(table), column: ident(column) })
    }

    fn purge(table: &str) -> Intent {
        Intent::PurgeColumn(PurgeColumn { table: ident(table), column: ident("hookwright_dropped_1_a") })
    }

    fn stored() -> Model {
        let mut first = model();
        create(&mut first, "t");
        add_column(&mut first, "t", "a");
        add_column(&mut first, "t", "b");
        Model::new(first.schema().clone().into())
    }

    fn next(model: &Model) -> Model {
        Model::new(model.schema().clone().into())
    }

    #[test]
    fn tombstones_go_with_the_name_of_their_table() {
        let mut model = stored();
        drop("t", "a").apply(&mut model).expect("dropped");
        Intent::RenameTable(RenameTable { table: ident("t"), to: ident("u") })
            .apply(&mut model)
            .expect("renamed");
        let kept = place("u", Some("hookwright_dropped_1_a"));
        assert_eq!(Tombstones::of(&model).new, [(kept.clone(), place("t", Some("a")))]);
        let mut model = next(&model);
        Intent::DropTable(DropTable { table: ident("u") }).apply(&mut model).expect("dropped");
        let found = Tombstones::of(&model);
        let inside = place("hookwright_dropped_1_u", Some("hookwright_dropped_1_a"));
        assert_eq!(found.moved, [(kept.clone(), inside.clone())]);
        assert_eq!(found.new, [(place("hookwright_dropped_1_u", None), place("u", None))]);
        let mut model = next(&model);
        Intent::RestoreTable(RestoreTable { table: ident("u"), kept: None })
            .apply(&mut model)
            .expect("restored");
        let found = Tombstones::of(&model);
        assert_eq!(
            (found.moved, found.gone),
            (vec![(inside, kept.clone())], vec![place("hookwright_dropped_1_u", None)])
        );
        let mut model = next(&model);
        purge("u").apply(&mut model).expect("purged");
        assert_eq!(Tombstones::of(&model), Tombstones { gone: vec![kept], ..Tombstones::default() });
    }

    #[test]
    fn numbers_tell_what_was_dropped_last() {
        let mut model = stored();
        for _ in 0..2 {
            drop("t", "a").apply(&mut model).expect("dropped");
            model = next(&model);
            add_column(&mut model, "t", "a");
            model = next(&model);
        }
        purge("t").apply(&mut model).expect("purged");
        drop("t", "a").apply(&mut model).expect("dropped");
        let table = model.table(&ident("t")).expect("there");
        let (last, _) = table.buried_column(&ident("a"), None).expect("kept");
        assert_eq!(last.as_str(), "hookwright_dropped_3_a");
    }
}
