//! The SDK as a plugin author and the host see it: configuration, log, model, malformed changes.
#![allow(clippy::unwrap_used)]
use hookwright_sdk::bindings::exports::hookwright::hooks::field_hooks::Guest;
use hookwright_sdk::bindings::hookwright::hooks::types::{Action, Context as Raw, FieldChange};
use hookwright_sdk::glue::Export;
use hookwright_sdk::host::Level;
use hookwright_sdk::prelude::*;
use hookwright_sdk::testing::Harness;
use serde_json::json;

/// Says what it sees, and drops the column that its configuration names.
struct Probe;

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    column: String,
}

impl Plugin for Probe {
    fn entity_before(cx: &Context, change: &Change<EntitySpec>) -> Result<Option<EntitySpec>, Rejection> {
        host::info(&format!("{} {:?} {:?}", cx.org(), cx.actor(), host::entities()));
        Ok(change.new_spec().map(|new| new.clone().comment("amended")))
    }

    fn entity_after(_: &Context, change: &Change<EntitySpec>) -> Result<Vec<Intent>, Rejection> {
        let comment = change.new_spec().and_then(|new| new.comment.clone());
        host::debug(comment.as_deref().unwrap_or("no comment"));
        Ok(Vec::new())
    }

    fn field_after(_: &Context, entity: &str, _: &Change<FieldSpec>) -> Result<Vec<Intent>, Rejection> {
        let config: Config = host::config()?;
        Ok(vec![intent::drop_column(entity, config.column)])
    }
}

fn field() -> FieldSpec {
    FieldSpec::new("note", FieldType::Text)
}

fn probe(config: &serde_json::Value) -> Harness {
    let table = Table::new("invoice").with(field().column());
    Harness::new::<Probe>().config(config).table(table)
}

#[test]
fn before_hooks_amend_what_after_hooks_see() {
    let mut host = probe(&json!({})).entity("account").actor("u-7");
    host.entity_create(EntitySpec::new("bill")).unwrap();
    let levels: Vec<_> = host.log().iter().map(|line| line.level).collect();
    assert_eq!(levels, [Level::Info, Level::Debug]);
    assert_eq!(host.log()[0].message, "test-org Some(\"u-7\") [\"account\"]");
    assert_eq!(host.log()[1].message, "amended");
}

#[test]
fn configuration_is_typed() {
    let mut host = probe(&json!({"column": "note"}));
    host.field_create("invoice", field()).unwrap();
    assert!(host.model("invoice").unwrap().columns.is_empty());
    for config in [json!({}), json!({"column": 1}), json!({"column": "note", "x": 1})] {
        let no = probe(&config).field_create("invoice", field()).unwrap_err();
        assert_eq!(no.code, "bad-config");
        assert!(no.help.is_some());
    }
}

#[test]
fn an_intent_that_does_not_fit_leaves_the_model_alone() {
    let mut host = probe(&json!({"column": "none"})).then::<Probe>().config(&json!({"column": "note"}));
    let no = host.field_create("invoice", field()).unwrap_err();
    assert_eq!(no.code, "model");
    assert!(no.message.contains("no column \"none\" on table \"invoice\""));
    assert_eq!(host.model("invoice").unwrap().columns.len(), 1);
}

#[test]
fn a_change_with_the_wrong_specs_is_refused() {
    let cx = Raw { org: "o".into(), event_id: "e".into(), actor: None, at: None };
    let change =
        |action, old, new| FieldChange { entity: "invoice".into(), action, old, new, drop_column: false };
    for change in [
        change(Action::Create, Some(field()), Some(field())),
        change(Action::Update, None, Some(field())),
        change(Action::Delete, None, None),
    ] {
        let no = Export::<Probe>::after(cx.clone(), change).unwrap_err();
        assert_eq!(no.code, "malformed-change");
    }
}
