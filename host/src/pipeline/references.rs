//! References to what is dropped and comes back: fields let go of it before, and refer to it again after.
//!
//! Both are changes of those fields, and take the way of any: through the hooks. What went with a reference that the
//! hooks do not make again, the host puts back: an index, a name.

use hookwright_core::event::Event;
use hookwright_core::ident::Ident;
use hookwright_core::intent::{CreateIndex, Intent, RenameForeignKey, RenameIndex};
use hookwright_core::metadata::{Entity, Field};
use hookwright_core::schema::{Index, Table};
use hookwright_core::spec::{FieldSpec, OnDelete, Reference};
use hookwright_core::tombstone::Released;

use super::work::Worker;
use crate::error::Result;

impl Worker<'_> {
    /// Takes the reference away from every field that refers to what is deleted; gives what they referred to.
    pub(super) async fn let_go(
        &mut self,
        event: &Event,
        entity: &Ident,
        column: Option<&Ident>,
    ) -> Result<Vec<Released>> {
        let outside = |e: &Entity, f: &Ident| e.name != *entity || column.is_some_and(|c| c != f);
        let referring: Vec<_> = self
            .metadata
            .references_to(entity, column)
            .filter(|(e, f)| outside(e, &f.spec.name))
            .map(|(e, f)| (e.name.clone(), f.spec.clone(), self.release(e, f)))
            .collect();
        let mut released = Vec::with_capacity(referring.len());
        for (other, old, release) in referring {
            let before = self.indexes(&other);
            let new = FieldSpec { references: None, ..old.clone() };
            self.replace_field(event, &other, &old, &new).await?;
            let after = self.indexes(&other);
            let gone = before.into_iter().filter(|i| !after.iter().any(|now| now.shape == i.shape)).collect();
            released.extend(release.map(|release| Released { indexes: gone, ..release }));
        }
        Ok(released)
    }

    fn release(&self, entity: &Entity, field: &Field) -> Option<Released> {
        let reference = field.spec.references.as_ref()?;
        let columns = [field.spec.name.clone()];
        let keys = self.draft.schema().table(&entity.name).into_iter().flat_map(|t| &t.foreign_keys);
        let key = keys.into_iter().find(|k| k.columns == columns).map(|k| k.name.clone());
        let (entity, field) = (entity.id.clone(), field.id.clone());
        let (column, on_delete) = (reference.column.clone(), reference.on_delete);
        Some(Released { entity, field, column, on_delete, key, indexes: Vec::new() })
    }

    /// Fields that let go when it was dropped refer to it again, if they are there still and refer to nothing else.
    pub(super) async fn take_up(
        &mut self,
        event: &Event,
        entity: &Ident,
        released: Vec<Released>,
    ) -> Result<()> {
        for Released { entity: other, field, column, on_delete, key, indexes } in released {
            let found = self.metadata.entities.values().find(|e| e.id == other).cloned();
            let Some(other) = found else { continue };
            let Some(old) = other.fields.iter().find(|f| f.id == field).map(|f| &f.spec) else { continue };
            let target = self.metadata.entity(entity).and_then(|e| e.field(&column));
            let fits = old.nullable || on_delete != OnDelete::SetNull;
            if old.references.is_some() || target.is_none() || !fits {
                let (org, entity, field) = (self.tenant.org(), other.name.as_str(), old.name.as_str());
                tracing::warn!(%org, entity, field, "a field does not refer again to what is restored: it changed since");
                continue;
            }
            let reference = Reference { table: entity.clone(), column, on_delete };
            let new = FieldSpec { references: Some(reference), ..old.clone() };
            self.replace_field(event, &other.name, old, &new).await?;
            self.name_key(&other.name, &new.name, key)?;
            indexes.into_iter().try_for_each(|index| self.put_back(&other.name, index))?;
        }
        Ok(())
    }

    /// A foreign key that is made again gets the name it had, if that is free.
    fn name_key(&mut self, table: &Ident, column: &Ident, name: Option<Ident>) -> Result<()> {
        let (Some(to), Some(of)) = (name, self.table(table)) else { return Ok(()) };
        let made = of.foreign_keys.iter().any(|k| k.columns == [column.clone()]);
        let taken = of.foreign_keys.iter().any(|k| k.name == to) || of.checks.iter().any(|c| c.name == to);
        if !made || taken {
            return Ok(());
        }
        let columns = vec![column.clone()];
        self.own(Intent::RenameForeignKey(RenameForeignKey { table: table.clone(), columns, to }))
    }

    /// An index that no hook made again, under the name it had, if that is free.
    fn put_back(&mut self, table: &Ident, index: Index) -> Result<()> {
        let Some(of) = self.table(table) else { return Ok(()) };
        let there = of.indexes.iter().any(|i| i.shape == index.shape);
        let possible = index.shape.columns().iter().all(|c| of.column(c).is_some());
        if !there && possible {
            let (table, index) = (table.clone(), index.shape.clone());
            self.own(Intent::CreateIndex(CreateIndex { table, index }))?;
        }
        let made = self.indexes(table).into_iter().find(|i| i.shape == index.shape);
        match made.filter(|made| made.name != index.name && !self.draft.schema().names_relation(&index.name))
        {
            Some(made) => {
                let (table, index, to) = (table.clone(), made.shape, index.name);
                self.own(Intent::RenameIndex(RenameIndex { table, index, to }))
            }
            None => Ok(()),
        }
    }

    fn table(&self, name: &Ident) -> Option<&Table> {
        self.draft.schema().table(name)
    }

    fn indexes(&self, table: &Ident) -> Vec<Index> {
        self.table(table).map(|t| t.indexes.clone()).unwrap_or_default()
    }
}
