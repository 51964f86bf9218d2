//! The hook "comments" as an Extism plugin: a change comes in as JSON, a list of intents goes out as JSON.
//!
//! The program beside it calls it. It reads of the change only what it needs; the rest is skipped.
#![cfg(target_arch = "wasm32")]
use extism_pdk::{FnResult, Json, plugin_fn};
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
struct Change {
    old: Option<Entity>,
    new: Option<Entity>,
}

#[derive(Deserialize)]
struct Entity {
    name: String,
    fields: Vec<Field>,
}

#[derive(Deserialize)]
struct Field {
    name: String,
    comment: Option<String>,
}

#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
enum Intent {
    SetComment { table: String, column: Option<String>, comment: Option<String> },
}

/// A comment for every field whose own has changed.
#[plugin_fn]
pub fn after(Json(change): Json<Change>) -> FnResult<Json<Vec<Intent>>> {
    let (Some(old), Some(new)) = (change.old, change.new) else { return Ok(Json(vec![])) };
    let changed =
        |field: &Field| old.fields.iter().any(|was| was.name == field.name && was.comment != field.comment);
    let fields = new.fields.into_iter().filter(changed);
    let table = new.name;
    let intents = fields.map(|field| Intent::SetComment {
        table: table.clone(),
        column: Some(field.name),
        comment: field.comment,
    });
    Ok(Json(intents.collect()))
}
