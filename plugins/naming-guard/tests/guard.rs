//! The guard's hooks, with and without configuration.
#![allow(clippy::unwrap_used)]
use hookwright_sdk::testing::Harness;
use hookwright_sdk::{Change, EntitySpec, FieldSpec, FieldType, Rejection};
use naming_guard::{NamingGuard, snake_case};
use serde_json::json;

fn field(name: &str) -> FieldSpec {
    FieldSpec::new(name, FieldType::Text)
}

fn created(host: &mut Harness, name: &str) -> Result<String, Rejection> {
    let change = host.amend_field("invoice", Change::Create(field(name)))?;
    Ok(change.new_spec().unwrap().name.clone())
}

#[test]
fn ordinary_names_pass() {
    let mut host = Harness::new::<NamingGuard>();
    for name in ["from", "to", "default", "reference_doctype", "x", "a1", "order"] {
        assert_eq!(created(&mut host, name).unwrap(), name);
    }
}

#[test]
fn rejects_with_a_better_name() {
    let mut host = Harness::new::<NamingGuard>();
    let no = created(&mut host, "dueDate").unwrap_err();
    assert_eq!(no.code, "name-pattern");
    assert_eq!(no.help.as_deref(), Some("Use \"due_date\"."));
    let no = host.entity_create(EntitySpec::new("Sales Invoice")).unwrap_err();
    assert!(no.message.contains("entity name \"Sales Invoice\""));
}

#[test]
fn a_name_longer_than_an_identifier_is_refused() {
    let mut host = Harness::new::<NamingGuard>();
    assert!(created(&mut host, &"x".repeat(63)).is_ok());
    assert!(created(&mut host, &"x".repeat(64)).is_err());
}

#[test]
fn amends_to_snake_case() {
    let mut host = Harness::new::<NamingGuard>().config(&json!({"mode": "amend"}));
    assert_eq!(created(&mut host, "dueDate").unwrap(), "due_date");
    let change = host.amend_entity(Change::Create(EntitySpec::new("Sales Invoice").field(field("id"))));
    let entity = change.unwrap().new_spec().unwrap().clone();
    assert_eq!((entity.name.as_str(), entity.fields.len()), ("sales_invoice", 1));
}

#[test]
fn amend_refuses_what_it_cannot_mend() {
    let mut host = Harness::new::<NamingGuard>().config(&json!({"mode": "amend"}));
    for name in ["1", "", "—", "'; --", &"x".repeat(64)] {
        assert_eq!(created(&mut host, name).unwrap_err().code, "name-pattern");
    }
}

#[test]
fn names_that_stay_are_left_alone() {
    let mut host = Harness::new::<NamingGuard>();
    let (old, new) = (field("dueDate"), field("dueDate").not_null());
    assert_eq!(host.field_update("invoice", old.clone(), new).unwrap(), []);
    assert!(host.field_update("invoice", field("due"), old.clone()).is_err());
    assert_eq!(host.field_delete("invoice", old, true).unwrap(), []);
}

#[test]
fn patterns_are_configurable() {
    let config = json!({"fields": "[A-Z]+", "entities": "crm_[a-z]+"});
    let mut host = Harness::new::<NamingGuard>().config(&config);
    assert!(created(&mut host, "NAME").is_ok());
    assert!(created(&mut host, "name").is_err());
    assert!(host.entity_create(EntitySpec::new("crm_lead")).is_ok());
    assert!(host.entity_create(EntitySpec::new("my_crm_lead")).is_err());
}

#[test]
fn bad_configurations_say_so() {
    for config in [json!({"fields": "["}), json!({"mode": "ask"}), json!({"field": "x"})] {
        let mut host = Harness::new::<NamingGuard>().config(&config);
        assert_eq!(created(&mut host, "name").unwrap_err().code, "bad-config");
    }
}

#[test]
fn snake_case_of_all_kinds() {
    for (name, wanted) in [
        ("SalesInvoice", "sales_invoice"),
        ("sales-invoice", "sales_invoice"),
        ("HTTPServer2", "http_server2"),
        ("__a__b__", "a_b"),
        ("2nd name", "nd_name"),
        ("naïve", "na_ve"),
    ] {
        assert_eq!(snake_case(name), wanted);
    }
}
