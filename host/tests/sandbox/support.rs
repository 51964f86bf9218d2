//! What the tests call plugins with.

use std::path::Path;
use std::sync::Arc;

use hookwright::sandbox::{GuestWorld, Limits, Loaded, Sandbox};
use hookwright_core::hook::{Action, Context, EntityChange, FieldChange, HookCall};
use hookwright_core::ident::Ident;
use hookwright_core::metadata::Metadata;
use hookwright_core::schema::Schema;
use serde_json::{Value, json};

/// The component of a plugin of this repository.
pub fn plugin(name: &str) -> Vec<u8> {
    let built = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/plugins");
    let dir = std::env::var_os("HOOKWRIGHT_PLUGINS").map_or(built, Into::into);
    let path = dir.join(name).with_extension("wasm");
    std::fs::read(&path).unwrap_or_else(|e| {
        panic!("no plugin at \"{}\" ({e}); run ./tests/run, which builds it", path.display())
    })
}

pub fn sandbox() -> Sandbox {
    Sandbox::new(&Limits::default()).unwrap()
}

pub fn load(sandbox: &Sandbox, name: &str) -> Loaded {
    sandbox.load(&plugin(name)).unwrap()
}

pub fn context() -> Context {
    Context { org: "acme-corp".into(), event_id: "e-1".into(), actor: Some("u-7".into()), at: None }
}

pub fn world(config: Value, schema: Schema) -> GuestWorld {
    let mut metadata = Metadata::default();
    let spec = creation("invoice").new.unwrap();
    metadata.create_entity("e-1", &spec).unwrap();
    GuestWorld { config: Arc::new(config), schema: Arc::new(schema), metadata: Arc::new(metadata) }
}

pub fn empty_world() -> GuestWorld {
    world(json!({}), Schema::default())
}

/// The creation of an entity with two fields.
pub fn creation(name: &str) -> EntityChange {
    let spec = json!({"name": name, "label": "Invoice", "fields": [
        {"name": "id", "type": "String", "nullable": false, "primaryKey": true},
        {"name": "amount", "type": "Decimal", "precision": 20, "scale": 2, "default": "0.50"}]});
    let new = Some(serde_json::from_value(spec).unwrap());
    EntityChange { action: Action::Create, old: None, new, drop_table: false }
}

/// The creation of a field of `invoice`.
pub fn field_creation(spec: Value) -> FieldChange {
    let new = Some(serde_json::from_value(spec).unwrap());
    let entity = Ident::parse("invoice").unwrap();
    FieldChange { entity, action: Action::Create, old: None, new, drop_column: false }
}

pub fn entity_after() -> HookCall {
    HookCall::EntityAfter(creation("invoice"))
}
