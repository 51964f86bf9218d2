//! What a change is in statements, on both databases.

use std::sync::Arc;

use serde_json::{Value as Json, json};

use super::plan;
use crate::ddl::Dialect;
use crate::ident::OrgName;
use crate::intent::Intent;
use crate::model::Model;
use crate::schema::Schema;

fn apply(base: &Schema, intents: &[Json]) -> Model {
    let mut model = Model::new(Arc::new(base.clone()));
    for intent in intents {
        let intent: Intent = serde_json::from_value(intent.clone()).expect("an intent");
        intent.apply(&mut model).expect("applied");
    }
    model
}

fn statements(model: &Model, dialect: Dialect) -> String {
    let org = OrgName::parse("acme-corp").expect("a name");
    let plan = plan(&org, dialect, model);
    plan.statements().map(|s| s.sql().to_owned() + "\n").collect()
}

fn both(model: &Model) -> String {
    format!("{}--\n{}", statements(model, Dialect::Postgres), statements(model, Dialect::Sqlite))
}

fn column(name: &str, ty: Json, nullable: bool) -> Json {
    json!({"name": name, "ty": ty, "nullable": nullable})
}

fn add(table: &str, column: Json, key: bool) -> Json {
    json!({"intent": "add-column", "table": table, "column": column, "primaryKey": key})
}

fn text() -> Json {
    json!({"type": "Text"})
}

fn start() -> Schema {
    let id = column("id", text(), false);
    let create = |table: &str| json!({"intent": "create-table", "table": table, "columns": [id], "primaryKey": ["id"]});
    let refer = json!({"intent": "add-foreign-key", "table": "invoice", "columns": ["account"], "to": "account", "target": ["id"], "onDelete": "SET NULL"});
    let intents =
        [create("account"), create("invoice"), add("invoice", column("account", text(), true), false), refer];
    apply(&Schema::default(), &intents).schema().clone()
}

#[test]
fn a_creation_is_one_statement() {
    let model = apply(
        &start(),
        &[
            json!({"intent": "create-table", "table": "line"}),
            add("line", column("id", json!({"type": "Uuid"}), false), true),
            add("line", column("state", json!({"type": "Enum", "values": ["a", "it's"]}), false), false),
            add("line", column("invoice", text(), true), false),
            json!({"intent": "add-foreign-key", "table": "line", "columns": ["invoice"], "to": "invoice", "target": ["id"], "onDelete": "CASCADE"}),
            json!({"intent": "add-unique", "table": "line", "columns": ["state"]}),
            json!({"intent": "create-index", "table": "line", "columns": ["invoice"]}),
        ],
    );
    insta::assert_snapshot!(both(&model), @"");
}

#[test]
fn tables_may_refer_to_each_other() {
    let refer = |from: &str, to: &str| json!({"intent": "add-foreign-key", "table": from, "columns": ["other"], "to": to, "target": ["id"], "onDelete": "RESTRICT"});
    let create = |table: &str| json!({"intent": "create-table", "table": table, "columns": [column("id", text(), false), column("other", text(), true)], "primaryKey": ["id"]});
    let model = apply(&Schema::default(), &[create("a"), create("b"), refer("a", "b"), refer("b", "a")]);
    insta::assert_snapshot!(both(&model), @"");
}

#[test]
fn what_is_done_and_undone_is_nothing() {
    let model = apply(
        &start(),
        &[
            add("invoice", column("x", text(), true), false),
            json!({"intent": "drop-column", "table": "invoice", "column": "x"}),
            json!({"intent": "rename-table", "table": "invoice", "to": "bill"}),
            json!({"intent": "rename-table", "table": "bill", "to": "invoice"}),
        ],
    );
    assert_eq!(both(&model), "--\n");
}

#[test]
fn names_can_be_exchanged() {
    let rename = |from: &str, to: &str| json!({"intent": "rename-table", "table": from, "to": to});
    let model =
        apply(&start(), &[rename("account", "x"), rename("invoice", "account"), rename("x", "invoice")]);
    insta::assert_snapshot!(both(&model), @"");
}

#[test]
fn a_dropped_column_leaves_no_name_behind() {
    let model = apply(
        &start(),
        &[
            json!({"intent": "drop-column", "table": "invoice", "column": "account"}),
            add("invoice", column("account", json!({"type": "Int"}), true), false),
        ],
    );
    insta::assert_snapshot!(both(&model), @"");
}

#[test]
fn sqlite_makes_the_table_anew_where_it_must() {
    let model = apply(
        &start(),
        &[
            json!({"intent": "rename-column", "table": "invoice", "column": "account", "to": "client"}),
            json!({"intent": "set-not-null", "table": "invoice", "column": "client"}),
            json!({"intent": "set-default", "table": "invoice", "column": "client", "value": {"text": "none"}}),
            json!({"intent": "change-type", "table": "invoice", "column": "client", "ty": {"type": "String", "length": 40}}),
            json!({"intent": "add-check", "table": "invoice", "name": "named", "expression": "length(client) > 0"}),
        ],
    );
    insta::assert_snapshot!(both(&model), @"");
}
