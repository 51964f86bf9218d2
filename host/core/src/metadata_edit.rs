//! What events do to the metadata. Each function leaves it as it was when it refuses.

use std::sync::Arc;

use crate::event::{EntityPatch, MAX_FIELDS};
use crate::ident::Ident;
use crate::metadata::{Entity, Field, Metadata, StableId};
use crate::metadata_error::MetadataError;
use crate::shared;
use crate::spec::{EntitySpec, FieldSpec, Reference, SpecError};

impl Metadata {
    /// The entity of that name.
    ///
    /// # Errors
    /// [`MetadataError::NoEntity`].
    pub fn need(&self, name: &Ident) -> Result<&Entity, MetadataError> {
        self.entity(name).ok_or_else(|| MetadataError::NoEntity { entity: name.as_str().into() })
    }

    /// The field of that name.
    ///
    /// # Errors
    /// [`MetadataError::NoEntity`], [`MetadataError::NoField`].
    pub fn need_field(&self, entity: &Ident, name: &Ident) -> Result<&Field, MetadataError> {
        self.need(entity)?.field(name).ok_or_else(|| MetadataError::NoField {
            entity: entity.as_str().into(),
            field: name.as_str().into(),
        })
    }

    /// Adds an entity with its fields.
    ///
    /// # Errors
    /// [`MetadataError::EntityExists`].
    pub fn create_entity(&mut self, event: &str, spec: &EntitySpec) -> Result<(), MetadataError> {
        self.free(&spec.name)?;
        let name = spec.name.as_str();
        let with_id =
            |f: &FieldSpec| Field { id: StableId::derive(event, &[name, f.name.as_str()]), spec: f.clone() };
        let entity = Entity {
            id: StableId::derive(event, &[name]),
            name: spec.name.clone(),
            label: spec.label.clone(),
            comment: spec.comment.clone(),
            fields: spec.fields.iter().map(with_id).collect(),
        };
        self.entities.insert(spec.name.clone(), Arc::new(entity));
        Ok(())
    }

    /// Gives an entity the name, label and comment of `to`; references follow the name.
    ///
    /// # Errors
    /// [`MetadataError::NoEntity`], [`MetadataError::EntityExists`].
    pub fn update_entity(&mut self, name: &Ident, to: &EntitySpec) -> Result<(), MetadataError> {
        let mut entity = self.need(name)?.clone();
        if !name.collides(&to.name) {
            self.free(&to.name)?;
        }
        entity.name = to.name.clone();
        entity.label.clone_from(&to.label);
        entity.comment.clone_from(&to.comment);
        self.entities.remove(name);
        self.entities.insert(to.name.clone(), Arc::new(entity));
        self.edit_references(|r| r.table == *name, |r| r.table = to.name.clone());
        Ok(())
    }

    /// Removes an entity.
    ///
    /// # Errors
    /// [`MetadataError::NoEntity`].
    pub fn delete_entity(&mut self, name: &Ident) -> Result<(), MetadataError> {
        self.need(name)?;
        self.entities.remove(name);
        Ok(())
    }

    /// Adds a field at the end of an entity.
    ///
    /// # Errors
    /// [`MetadataError::NoEntity`], [`MetadataError::FieldExists`], [`MetadataError::Full`].
    pub fn create_field(
        &mut self,
        event: &str,
        entity: &Ident,
        spec: &FieldSpec,
    ) -> Result<(), MetadataError> {
        self.free_field(entity, spec, None)?;
        let id = StableId::derive(event, &[entity.as_str(), spec.name.as_str()]);
        self.edit(entity, |e| e.fields.push(Field { id, spec: spec.clone() }))
    }

    /// Puts `to` in the place of a field; references follow the name.
    ///
    /// # Errors
    /// [`MetadataError::NoEntity`], [`MetadataError::NoField`], [`MetadataError::FieldExists`].
    pub fn update_field(
        &mut self,
        entity: &Ident,
        name: &Ident,
        to: &FieldSpec,
    ) -> Result<(), MetadataError> {
        self.need_field(entity, name)?;
        self.free_field(entity, to, Some(name))?;
        self.edit(entity, |e| {
            e.fields.iter_mut().filter(|f| f.spec.name == *name).for_each(|f| f.spec = to.clone());
        })?;
        if *name != to.name {
            self.edit_references(|r| r.table == *entity && r.column == *name, |r| r.column = to.name.clone());
        }
        Ok(())
    }

    /// Removes a field.
    ///
    /// # Errors
    /// [`MetadataError::NoEntity`], [`MetadataError::NoField`].
    pub fn delete_field(&mut self, entity: &Ident, name: &Ident) -> Result<(), MetadataError> {
        self.need_field(entity, name)?;
        self.edit(entity, |e| e.fields.retain(|f| f.spec.name != *name))
    }

    fn edit(&mut self, entity: &Ident, change: impl FnOnce(&mut Entity)) -> Result<(), MetadataError> {
        let missing = || MetadataError::NoEntity { entity: entity.as_str().into() };
        change(Arc::make_mut(self.entities.get_mut(entity).ok_or_else(missing)?));
        Ok(())
    }

    fn edit_references(&mut self, which: impl Fn(&Reference) -> bool, change: impl Fn(&mut Reference)) {
        let picked = |f: &Field| f.spec.references.as_ref().is_some_and(&which);
        shared::edit(
            &mut self.entities,
            |entity| entity.fields.iter().any(picked),
            |entity| {
                let references = entity.fields.iter_mut().filter_map(|f| f.spec.references.as_mut());
                references.filter(|r| which(r)).for_each(&change);
            },
        );
    }

    fn free(&self, wanted: &Ident) -> Result<(), MetadataError> {
        match self.colliding_entity(wanted) {
            Some(e) => Err(MetadataError::EntityExists {
                existing: e.name.as_str().into(),
                wanted: wanted.as_str().into(),
            }),
            None => Ok(()),
        }
    }

    fn free_field(
        &self,
        entity: &Ident,
        wanted: &FieldSpec,
        but: Option<&Ident>,
    ) -> Result<(), MetadataError> {
        let found = self.need(entity)?;
        if but.is_none() && found.fields.len() >= MAX_FIELDS {
            return Err(MetadataError::Full { entity: entity.as_str().into(), count: found.fields.len() });
        }
        match found.fields.iter().find(|f| f.spec.name.collides(&wanted.name) && but != Some(&f.spec.name)) {
            Some(f) => Err(MetadataError::FieldExists {
                entity: entity.as_str().into(),
                existing: f.spec.name.as_str().into(),
                is: f.spec.ty.describe(),
                wanted: wanted.name.as_str().into(),
            }),
            None => Ok(()),
        }
    }
}

impl EntityPatch {
    /// The entity after the changes; its fields stay.
    ///
    /// # Errors
    /// A [`SpecError`] if the new name is not possible.
    pub fn apply(&self, spec: &EntitySpec) -> Result<EntitySpec, SpecError> {
        let name = self.check()?.unwrap_or_else(|| spec.name.clone());
        let label = self.label.clone().unwrap_or_else(|| spec.label.clone());
        let comment = self.comment.clone().unwrap_or_else(|| spec.comment.clone());
        Ok(EntitySpec { name, label, comment, fields: spec.fields.clone() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn entity(json: serde_json::Value) -> EntitySpec {
        serde_json::from_value(json).expect("an entity")
    }

    #[test]
    fn references_follow_renames() {
        let mut metadata = Metadata::default();
        let account =
            entity(json!({"name": "account", "fields": [{"name": "id", "type": "Int", "nullable": false}]}));
        let reference = json!({"table": "account", "column": "id"});
        let invoice = entity(
            json!({"name": "invoice", "fields": [{"name": "account", "type": "Int", "references": reference}]}),
        );
        metadata.create_entity("1", &account).expect("created");
        metadata.create_entity("2", &invoice).expect("created");
        let client = EntitySpec { name: Ident::parse("client").expect("ok"), ..account };
        metadata.update_entity(&Ident::parse("account").expect("ok"), &client).expect("renamed");
        let found: Vec<_> =
            metadata.references_to(&client.name, None).map(|(e, _)| e.name.as_str().to_owned()).collect();
        assert_eq!(found, ["invoice"]);
    }

    #[test]
    fn an_entity_exists_once_whatever_its_case() {
        let mut metadata = Metadata::default();
        metadata.create_entity("1", &entity(json!({"name": "Invoice"}))).expect("created");
        let again = metadata.create_entity("2", &entity(json!({"name": "invoice"})));
        assert_eq!(again.map_err(|e| e.code()), Err("metadata/conflict"));
    }
}
