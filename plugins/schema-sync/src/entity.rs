//! What an entity's change asks of its table.
//!
//! Only `lib.rs` calls it. Reads the host's model.
use hookwright_sdk::prelude::*;

/// A bare table: its columns follow as field creations. A table kept from an earlier entity is taken over.
pub fn create(new: &EntitySpec) -> Vec<Intent> {
    match host::table(&new.name) {
        Some(table) => take_over(&table, new),
        None => {
            let mut table = intent::create_table(&new.name);
            table.comment.clone_from(&new.comment);
            vec![table.into()]
        }
    }
}

pub fn update(old: &EntitySpec, new: &EntitySpec) -> Vec<Intent> {
    let mut intents = Vec::new();
    if old.name != new.name {
        intents.push(intent::rename_table(&old.name, &new.name));
    }
    if old.comment != new.comment {
        intents.push(intent::comment_table(&new.name, new.comment.as_deref()));
    }
    intents
}

pub fn delete(old: &EntitySpec, drop_table: bool) -> Vec<Intent> {
    if drop_table && host::table(&old.name).is_some() {
        vec![intent::drop_table(&old.name)]
    } else {
        Vec::new()
    }
}

/// Columns that no field names become optional, so that writers who do not know them are not refused.
fn take_over(table: &Table, new: &EntitySpec) -> Vec<Intent> {
    host::info(&format!("table \"{}\" was kept: taken over", table.name));
    let is_field = |name: &str| new.fields.iter().any(|field| field.name == name);
    let left_over = table.columns.iter().filter(|column| {
        !column.nullable && !is_field(&column.name) && !table.primary_key.contains(&column.name)
    });
    let mut intents: Vec<_> =
        left_over.map(|column| intent::drop_not_null(&table.name, &column.name)).collect();
    if table.comment != new.comment {
        intents.push(intent::comment_table(&table.name, new.comment.as_deref()));
    }
    intents
}
