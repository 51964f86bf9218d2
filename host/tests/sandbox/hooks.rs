//! Each hook, with the plugins of this repository.

use std::sync::Arc;

use hookwright::sandbox::{Fault, Sandbox};
use hookwright_core::hook::{HookCall, HookReply};
use hookwright_core::ident::Ident;
use hookwright_core::intent::{Intent, IntentKind};
use hookwright_core::model::Model;
use hookwright_core::schema::Schema;
use serde_json::json;

use crate::support::{context, creation, empty_world, entity_after, field_creation, load, sandbox, world};

async fn intents(sandbox: &Sandbox, plugin: &str, call: &HookCall, schema: Schema) -> Vec<Intent> {
    let plugin = load(sandbox, plugin);
    let called = plugin.call(sandbox, &context(), call, world(json!({}), schema)).await.unwrap();
    let HookReply::Intents(intents) = called.reply else { panic!("{:?}", called.reply) };
    intents
}

fn kinds(intents: &[Intent]) -> Vec<IntentKind> {
    intents.iter().map(Intent::kind).collect()
}

/// The schema after `invoice` was created and its fields were added.
async fn invoiced(sandbox: &Sandbox) -> Schema {
    let mut model = Model::new(Arc::default());
    for intent in intents(sandbox, "schema-sync", &entity_after(), Schema::default()).await {
        intent.apply(&mut model).unwrap();
    }
    for field in creation("invoice").new.unwrap().fields {
        let call = HookCall::FieldAfter(field_creation(serde_json::to_value(field).unwrap()));
        for intent in intents(sandbox, "schema-sync", &call, model.schema().clone()).await {
            intent.apply(&mut model).unwrap();
        }
    }
    model.schema().clone()
}

#[tokio::test]
async fn after_hooks_give_intents() {
    let schema = invoiced(&sandbox()).await;
    let (_, table) = schema.tables.get_min().unwrap();
    let column = serde_json::to_value(table.column(&Ident::parse("amount").unwrap())).unwrap();
    let wanted = json!({"name": "amount", "ty": {"type": "Decimal", "precision": 20, "scale": 2},
        "nullable": true, "default": {"decimal": "0.50"}});
    assert_eq!(column, wanted);
    assert_eq!(table.primary_key.len(), 1);
}

#[tokio::test]
async fn a_guest_reads_the_model() {
    let sandbox = sandbox();
    let schema = invoiced(&sandbox).await;
    let spec = json!({"name": "amount", "type": "Text", "indexed": true});
    let found = intents(&sandbox, "index-advisor", &HookCall::FieldAfter(field_creation(spec)), schema).await;
    assert_eq!(kinds(&found), [IntentKind::CreateIndex]);
}

#[tokio::test]
async fn before_hooks_amend_or_refuse() {
    let sandbox = sandbox();
    let guard = load(&sandbox, "naming-guard");
    let call = HookCall::EntityBefore(creation("SalesInvoice"));
    let amend = world(json!({"entities": "[a-z_]+", "mode": "amend"}), Schema::default());
    let called = guard.call(&sandbox, &context(), &call, amend).await.unwrap();
    let HookReply::Entity(Some(spec)) = called.reply else { panic!("{:?}", called.reply) };
    assert_eq!(spec.name.as_str(), "sales_invoice");
    assert_eq!(spec.fields, creation("x").new.unwrap().fields);

    let reject = world(json!({"entities": "[a-z_]+", "mode": "reject"}), Schema::default());
    let fault = guard.call(&sandbox, &context(), &call, reject).await.unwrap_err();
    assert_eq!(fault.code(), "plugin/rejected");
    let Fault::Rejected(rejection) = fault else { panic!("{fault:?}") };
    assert!(rejection.message.contains("SalesInvoice"), "{rejection:?}");
}

#[tokio::test]
async fn a_field_is_amended() {
    let sandbox = sandbox();
    let guard = load(&sandbox, "naming-guard");
    let spec = json!({"name": "dueDate", "type": "Date", "default": {"function": "now"}});
    let call = HookCall::FieldBefore(field_creation(spec));
    let amend = world(json!({"fields": "[a-z_]+", "mode": "amend"}), Schema::default());
    let called = guard.call(&sandbox, &context(), &call, amend).await.unwrap();
    let HookReply::Field(Some(spec)) = called.reply else { panic!("{:?}", called.reply) };
    let wanted =
        json!({"name": "due_date", "type": "Date", "nullable": true, "default": {"function": "now"}});
    assert_eq!(serde_json::to_value(spec).unwrap(), wanted);
}

#[tokio::test]
async fn calls_run_side_by_side_and_report_what_they_took() {
    let sandbox = sandbox();
    let plugin = load(&sandbox, "standard-columns");
    let (cx, call) = (context(), entity_after());
    let calls = (0..100).map(|_| plugin.call(&sandbox, &cx, &call, empty_world()));
    for called in futures_util::future::join_all(calls).await {
        let called = called.unwrap();
        let HookReply::Intents(intents) = &called.reply else { panic!("{:?}", called.reply) };
        assert_eq!(kinds(intents), [IntentKind::AddColumn; 4]);
        assert!((1..8 << 20).contains(&called.memory_peak_bytes), "{called:?}");
        assert!(called.duration.as_nanos() > 0);
    }
    assert_eq!(sandbox.free_places(), 32);
}
