//! Metadata that come back: with what is restored, and when a change is rolled back. Each function leaves the
//! metadata as they were when it refuses.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::event::MAX_FIELDS;
use crate::ident::Ident;
use crate::metadata::{Entity, Field, Metadata, StableId};
use crate::metadata_error::MetadataError;
use crate::shared;
use crate::tombstone::Memory;
use crate::undo::Before;

impl Metadata {
    /// Brings back what the metadata lost with a dropped table.
    ///
    /// # Errors
    /// [`MetadataError::Taken`] if another entity has its name, or it is there already.
    pub fn restore_entity(&mut self, memory: &Memory) -> Result<(), MetadataError> {
        let Some(entity) = &memory.entity else { return Ok(()) };
        self.untaken(&entity.name)?;
        // What refers to the entity itself finds it there.
        self.entities.insert(entity.name.clone(), Arc::new(entity.clone()));
        let fields = entity.fields.iter().map(|f| memory.renewed(f, self)).collect();
        self.entities.insert(entity.name.clone(), Arc::new(Entity { fields, ..entity.clone() }));
        Ok(())
    }

    /// Brings back what the metadata lost with a dropped column of a table; to a place among the other fields, or to
    /// the one it had.
    ///
    /// # Errors
    /// [`MetadataError::NoEntity`], [`MetadataError::Taken`], [`MetadataError::Full`].
    pub fn restore_field(
        &mut self,
        entity: &Ident,
        memory: &Memory,
        to: Option<usize>,
    ) -> Result<(), MetadataError> {
        let Some(remembered) = &memory.field else { return Ok(()) };
        let field = memory.renewed(&remembered.field, self);
        let mut found = self.need(entity)?.clone();
        place(&mut found, to.unwrap_or(remembered.position), field)?;
        self.entities.insert(entity.clone(), Arc::new(found));
        Ok(())
    }

    /// Puts parts of the metadata back as they were, all or none.
    ///
    /// # Errors
    /// [`MetadataError::Taken`], [`MetadataError::Full`] if something else is in their place.
    pub fn undo(&mut self, edits: &[Before]) -> Result<(), MetadataError> {
        let mut undone = self.clone();
        undone.undo_entities(edits)?;
        undone.undo_fields(edits)?;
        *self = undone;
        Ok(())
    }

    /// Entities that came go, those that went come, and names go back: first all out, then all in.
    fn undo_entities(&mut self, edits: &[Before]) -> Result<(), MetadataError> {
        let mut back = Vec::new();
        let mut renamed = BTreeMap::new();
        for edit in edits {
            match edit {
                Before::Entity { id, was: None } => {
                    self.take(id);
                }
                Before::Entity { was: Some(entity), .. } => back.push(entity.clone()),
                Before::Head { id, name, label, comment } => {
                    let Some(mut entity) = self.take(id) else { continue };
                    renamed.insert(entity.name.clone(), name.clone());
                    (entity.name, entity.label, entity.comment) =
                        (name.clone(), label.clone(), comment.clone());
                    back.push(entity);
                }
                Before::Field { .. } => {}
            }
        }
        for entity in back {
            self.untaken(&entity.name)?;
            self.entities.insert(entity.name.clone(), Arc::new(entity));
        }
        self.follow(|table, column| Some((renamed.get(table)?.clone(), column.clone())));
        Ok(())
    }

    fn undo_fields(&mut self, edits: &[Before]) -> Result<(), MetadataError> {
        let mut renamed = BTreeMap::new();
        let mut back = Vec::new();
        for edit in edits {
            let Before::Field { entity, id, position, was } = edit else { continue };
            let Some(found) = self.by_id_mut(entity) else { continue };
            let index = found.fields.iter().position(|f| f.id == *id);
            let now = index.map(|index| found.fields.remove(index));
            let Some(spec) = was else { continue };
            if let Some(now) = now.filter(|now| now.spec.name != spec.name) {
                renamed.insert((found.name.clone(), now.spec.name), spec.name.clone());
            }
            back.push((found.name.clone(), *position, Field { id: id.clone(), spec: spec.clone() }));
        }
        back.sort_by_key(|(_, position, _)| *position);
        for (entity, position, field) in back {
            if let Some(found) = self.entities.get_mut(&entity) {
                place(Arc::make_mut(found), position, field)?;
            }
        }
        self.follow(|table, column| {
            let to = renamed.get(&(table.clone(), column.clone()))?;
            Some((table.clone(), to.clone()))
        });
        Ok(())
    }

    fn name_of(&self, id: &StableId) -> Option<Ident> {
        self.entities.values().find(|e| e.id == *id).map(|e| e.name.clone())
    }

    fn by_id_mut(&mut self, id: &StableId) -> Option<&mut Entity> {
        let name = self.name_of(id)?;
        self.entities.get_mut(&name).map(Arc::make_mut)
    }

    fn take(&mut self, id: &StableId) -> Option<Entity> {
        let name = self.name_of(id)?;
        self.entities.remove(&name).map(Arc::unwrap_or_clone)
    }

    /// References follow names.
    fn follow(&mut self, now: impl Fn(&Ident, &Ident) -> Option<(Ident, Ident)>) {
        let moves = |f: &Field| f.spec.references.as_ref().and_then(|r| now(&r.table, &r.column));
        let follow = |field: &mut Field| {
            if let (Some((table, column)), Some(reference)) = (moves(field), &mut field.spec.references) {
                (reference.table, reference.column) = (table, column);
            }
        };
        shared::edit(
            &mut self.entities,
            |entity| entity.fields.iter().any(|f| moves(f).is_some()),
            |entity| entity.fields.iter_mut().for_each(follow),
        );
    }

    fn untaken(&self, name: &Ident) -> Result<(), MetadataError> {
        let taken = |e: &Entity| MetadataError::Taken {
            what: "entity",
            dropped: name.as_str().into(),
            existing: e.name.as_str().into(),
        };
        self.colliding_entity(name).map_or(Ok(()), |e| Err(taken(e)))
    }
}

fn place(entity: &mut Entity, position: usize, field: Field) -> Result<(), MetadataError> {
    if let Some(existing) = entity.colliding_field(&field.spec.name) {
        let name = |field: &Ident| format!("{}.{}", entity.name.as_str(), field.as_str());
        let (dropped, existing) = (name(&field.spec.name), name(&existing.spec.name));
        return Err(MetadataError::Taken { what: "field", dropped, existing });
    }
    if entity.fields.len() >= MAX_FIELDS {
        return Err(MetadataError::Full { entity: entity.name.as_str().into(), count: entity.fields.len() });
    }
    entity.fields.insert(position.min(entity.fields.len()), field);
    Ok(())
}
