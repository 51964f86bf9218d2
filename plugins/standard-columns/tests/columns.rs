//! Standard columns beside schema-sync, as they live together in a host.
#![allow(clippy::unwrap_used)]
use hookwright_sdk::testing::Harness;
use hookwright_sdk::{Column, DefaultValue, EntitySpec, FieldSpec, FieldType};
use schema_sync::SchemaSync;
use serde_json::json;
use standard_columns::StandardColumns;

fn both() -> Harness {
    Harness::new::<SchemaSync>().then::<StandardColumns>()
}

fn columns(host: &Harness) -> Vec<&str> {
    let table = host.model("invoice").unwrap();
    table.columns.iter().map(|column| column.name.as_str()).collect()
}

fn field(name: &str, type_: FieldType) -> FieldSpec {
    FieldSpec::new(name, type_)
}

#[test]
fn a_new_table_gets_all_four() {
    let mut host = both();
    host.entity_create(EntitySpec::new("invoice")).unwrap();
    assert_eq!(columns(&host), ["created_at", "updated_at", "created_by", "updated_by"]);
    let table = host.model("invoice").unwrap();
    let at = Column::new("created_at", FieldType::DateTime).not_null().default(DefaultValue::Now);
    assert_eq!(table.column("created_at"), Some(&at));
    let by = Column::new("updated_by", FieldType::String(140));
    assert_eq!(table.column("updated_by"), Some(&by));
}

#[test]
fn configuration_chooses_and_renames() {
    let config = json!({"columns": ["created_at", "created_by"], "names": {"created_at": "creation"}});
    let mut host = both().config(&config);
    host.entity_create(EntitySpec::new("invoice")).unwrap();
    assert_eq!(columns(&host), ["creation", "created_by"]);
}

#[test]
fn an_entitys_own_field_wins() {
    let own = field("created_by", FieldType::Int);
    let mut host = both();
    host.entity_create(EntitySpec::new("invoice").field(own)).unwrap();
    let table = host.model("invoice").unwrap();
    assert_eq!(table.columns.len(), 4);
    assert_eq!(table.column("created_by"), Some(&Column::new("created_by", FieldType::Int)));
}

#[test]
fn a_later_field_takes_the_column_over_and_gives_it_back() {
    let mut host = both();
    host.entity_create(EntitySpec::new("invoice")).unwrap();
    let fresh = host.model("invoice").unwrap().clone();
    let own = field("created_by", FieldType::Int).not_null();
    host.field_create("invoice", own.clone()).unwrap();
    assert_eq!(host.model("invoice").unwrap().column("created_by"), Some(&own.column()));
    host.field_delete("invoice", own, true).unwrap();
    let mut again = host.model("invoice").unwrap().clone();
    again.columns.sort_by_key(|c| fresh.columns.iter().position(|f| f.name == c.name));
    assert_eq!(again, fresh);
}

#[test]
fn a_field_renamed_away_leaves_the_standard_column() {
    let own = field("created_by", FieldType::Int);
    let mut host = both();
    host.entity_create(EntitySpec::new("invoice").field(own.clone())).unwrap();
    host.field_update("invoice", own.clone(), own.named("author")).unwrap();
    let table = host.model("invoice").unwrap();
    assert!(table.column("author").is_some());
    let standard = Column::new("created_by", FieldType::String(140));
    assert_eq!(table.column("created_by"), Some(&standard));
}

#[test]
fn a_kept_column_is_left_alone() {
    let own = field("created_by", FieldType::Int);
    let mut host = both();
    host.entity_create(EntitySpec::new("invoice").field(own.clone())).unwrap();
    assert_eq!(host.field_delete("invoice", own, false).unwrap(), []);
}

#[test]
fn other_changes_ask_for_nothing() {
    let mut host = Harness::new::<StandardColumns>();
    let text = field("note", FieldType::Text);
    assert_eq!(host.field_create("invoice", text.clone()).unwrap(), []);
    assert_eq!(host.field_delete("invoice", text, true).unwrap(), []);
    assert_eq!(host.entity_delete(EntitySpec::new("invoice"), true).unwrap(), []);
}

#[test]
fn a_wrong_configuration_refuses() {
    let mut host = both().config(&json!({"columns": ["created"]}));
    let no = host.entity_create(EntitySpec::new("invoice")).unwrap_err();
    assert_eq!(no.code, "bad-config");
    assert!(host.model("invoice").is_none());
}
