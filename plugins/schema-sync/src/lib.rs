//! The default plugin: an entity is a table, a field is a column, and they change together.
//!
//! The host calls it through its hooks. Touches nothing but the host's model, read-only.
mod entity;
mod field;
mod shape;

use hookwright_sdk::prelude::*;

/// Keeps tables and columns in step with entities and fields.
#[derive(Debug)]
pub struct SchemaSync;

impl Plugin for SchemaSync {
    fn entity_after(_: &Context, change: &Change<EntitySpec>) -> Result<Vec<Intent>, Rejection> {
        Ok(match change {
            Change::Create(new) => entity::create(new),
            Change::Update { old, new } => entity::update(old, new),
            Change::Delete { old, drop } => entity::delete(old, *drop),
        })
    }

    fn field_after(_: &Context, entity: &str, change: &Change<FieldSpec>) -> Result<Vec<Intent>, Rejection> {
        match change {
            Change::Create(new) => field::create(entity, new),
            Change::Update { old, new } => field::update(entity, old, new),
            Change::Delete { old, drop } => Ok(field::delete(entity, old, *drop)),
        }
    }
}

export_plugin!(SchemaSync);
