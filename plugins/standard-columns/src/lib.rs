//! Gives each table the columns that say when and by whom a row was made and changed.
//!
//! The host calls it through its hooks. Touches nothing but the host's model, read-only.
mod config;

use hookwright_sdk::prelude::*;

pub use config::Config;

/// Adds standard columns where no field claims their names.
#[derive(Debug)]
pub struct StandardColumns;

impl Plugin for StandardColumns {
    fn entity_after(_: &Context, change: &Change<EntitySpec>) -> Result<Vec<Intent>, Rejection> {
        let Change::Create(entity) = change else {
            return Ok(Vec::new());
        };
        let is_claimed = |name: &str| entity.fields.iter().any(|field| field.name == name);
        let mut wanted = host::config::<Config>()?.columns();
        wanted.retain(|column| !is_claimed(&column.name));
        Ok(missing(&entity.name, wanted))
    }

    /// A field that gives a standard name up leaves it to the standard column.
    fn field_after(_: &Context, entity: &str, change: &Change<FieldSpec>) -> Result<Vec<Intent>, Rejection> {
        let given_up = match change {
            Change::Update { old, new } if old.name != new.name => &old.name,
            Change::Delete { old, drop: true } => &old.name,
            _ => return Ok(Vec::new()),
        };
        let mut wanted = host::config::<Config>()?.columns();
        wanted.retain(|column| column.name == *given_up);
        Ok(missing(entity, wanted))
    }
}

fn missing(table: &str, mut wanted: Vec<Column>) -> Vec<Intent> {
    if let Some(model) = host::table(table) {
        wanted.retain(|column| model.column(&column.name).is_none());
    }
    let add = |column| intent::add_column(table, column);
    wanted.into_iter().map(add).collect()
}

export_plugin!(StandardColumns);
