//! What is measured: an entity with ten fields, of which an update changes six comments.

use std::path::PathBuf;

use hookwright_core::hook::{Action, Context, EntityChange, HookCall};
use hookwright_core::spec::EntitySpec;
use hookwright_tests::plugin_path;
use serde_json::{Value, json};

/// Comments that the update changes, and so intents that come back.
pub const INTENTS: usize = 6;

pub const NAME: &str = "invoice";
pub const LABEL: &str = "Invoice";
pub const COMMENT: &str = "what is owed";

const TYPES: [&str; 10] =
    ["BigInt", "String", "Text", "Int", "Float", "Boolean", "Date", "DateTime", "Json", "Uuid"];

/// A field of the entity, for whoever has types of his own.
pub struct Field {
    pub name: String,
    pub ty: &'static str,
    pub nullable: bool,
    pub comment: String,
}

/// The entity's fields; `version` is in the comments that change.
pub fn fields(version: &str) -> impl Iterator<Item = Field> {
    TYPES.into_iter().enumerate().map(move |(number, ty)| {
        let version = if number < INTENTS { version } else { "as before" };
        let comment = format!("what the field {number} of an invoice is for, {version}");
        Field { name: format!("field_{number}"), ty, nullable: number > 0, comment }
    })
}

/// The entity as it is sent.
pub fn entity(version: &str) -> Value {
    let field = |Field { name, ty, nullable, comment }| json!({"name": name, "type": ty, "nullable": nullable, "comment": comment});
    let fields: Vec<_> = fields(version).map(field).collect();
    json!({"name": NAME, "label": LABEL, "comment": COMMENT, "fields": fields})
}

/// The hook call that every guest answers.
pub fn call() -> anyhow::Result<HookCall> {
    let spec = |version| serde_json::from_value::<EntitySpec>(entity(version));
    let (old, new) = (Some(spec("first")?), Some(spec("second")?));
    Ok(HookCall::EntityAfter(EntityChange { action: Action::Update, old, new, drop_table: false }))
}

pub fn context() -> Context {
    let (org, event_id) = ("acme".to_owned(), "0197f5d2-5b7c-7cc0-9d2a-4f1f5c1f6a10".to_owned());
    Context { org, event_id, actor: Some("somebody".to_owned()), at: Some("2026-01-01T00:00:00Z".to_owned()) }
}

/// The guest in Rust, as the build command makes it.
pub fn guest() -> PathBuf {
    plugin_path("comments")
}
