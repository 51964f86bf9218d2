//! What is done beside the users of a large table, and what new intents are in statements on both databases.

use serde_json::json;

use super::tests::{add, apply, both, column, start, text};
use super::{Plan, Sizes, plan};
use crate::ddl::Dialect;
use crate::ident::{Ident, OrgName};
use crate::model::Model;
use crate::online::{OnlineStep, Run};
use crate::schema::Schema;

/// `start`, with an invoice that has an amount, a status that is indexed and unique with the amount, and a check.
fn invoices() -> Schema {
    let keys = json!([{"column": "status"}]);
    let model = apply(
        &start(),
        &[
            add("invoice", column("amount", json!({"type": "Int"}), true), false),
            add("invoice", column("status", json!({"type": "String", "length": 20}), true), false),
            json!({"intent": "create-index", "table": "invoice", "keys": keys}),
            json!({"intent": "add-unique", "table": "invoice", "columns": ["status", "amount"]}),
            json!({"intent": "add-check", "table": "invoice", "name": "positive", "expression": "amount > 0"}),
        ],
    );
    model.schema().clone()
}

fn of(model: &Model) -> Plan {
    let org = OrgName::parse("acme-corp").expect("a name");
    let sizes = Sizes::large([Ident::parse("invoice").expect("a name")]);
    plan(&org, Dialect::Postgres, model, &sizes)
}

fn steps(steps: &[OnlineStep]) -> String {
    let org = OrgName::parse("acme-corp").expect("a name");
    let run = |step: &OnlineStep| match step.run(&org) {
        Run::Short(list) => list.iter().map(|s| format!("  {}\n", s.sql())).collect(),
        Run::Long(one) | Run::Outside(one) | Run::Index { run: one, .. } => format!("  {}\n", one.sql()),
        Run::Batches(batches) => format!("  {}\n", batches.statement(0, 10).sql()),
    };
    steps.iter().map(|step| format!("{}\n{}", step.title(), run(step))).collect()
}

/// The whole plan for a large `invoice`.
fn online(intents: &[serde_json::Value]) -> String {
    let plan = of(&apply(&invoices(), intents));
    let refused: String = plan.obstacles.iter().map(|o| format!("{}: {}\n", o.code(), o.message())).collect();
    let flip: String = plan.statements().map(|s| s.sql().to_owned() + "\n").collect();
    format!("{}-- commit\n{flip}-- then\n{}{refused}", steps(&plan.prepare), steps(&plan.finish))
}

#[test]
fn a_reference_with_its_index() {
    insta::assert_snapshot!(online(&[
        add("invoice", column("owner", text(), true), false),
        json!({"intent": "add-foreign-key", "table": "invoice", "columns": ["owner"], "to": "account", "target": ["id"], "onDelete": "SET NULL"}),
        json!({"intent": "create-index", "table": "invoice", "keys": [{"column": "owner"}]}),
    ]));
}

#[test]
fn a_plain_column_needs_nothing_aside() {
    insta::assert_snapshot!(online(&[add("invoice", column("note", text(), true), false)]));
}

#[test]
fn what_rows_must_have() {
    insta::assert_snapshot!(online(&[
        json!({"intent": "backfill", "table": "invoice", "column": "status", "value": {"literal": {"text": "new"}}}),
        json!({"intent": "set-not-null", "table": "invoice", "column": "status"}),
        json!({"intent": "add-unique", "table": "invoice", "columns": ["account"]}),
        json!({"intent": "add-check", "table": "invoice", "name": "named", "expression": "length(status) > 0"}),
    ]));
}

#[test]
fn another_type_takes_the_columns_place() {
    insta::assert_snapshot!(online(&[
        json!({"intent": "set-not-null", "table": "invoice", "column": "amount"}),
        json!({"intent": "change-type", "table": "invoice", "column": "amount", "ty": {"type": "BigInt"}}),
    ]));
}

#[test]
fn a_lossy_type_keeps_the_old_column() {
    let change = json!({"intent": "change-type", "table": "invoice", "column": "status",
        "ty": {"type": "String", "length": 5}, "using": {"named": "truncate"}});
    insta::assert_snapshot!(online(std::slice::from_ref(&change)));
    insta::assert_snapshot!("a_lossy_type_on_small_tables", both(&apply(&invoices(), &[change])));
}

#[test]
fn new_values_and_an_index_that_goes() {
    insta::assert_snapshot!(online(&[
        json!({"intent": "change-type", "table": "invoice", "column": "account", "ty": {"type": "Enum", "values": ["a", "b"]}}),
        json!({"intent": "drop-index", "table": "invoice", "keys": [{"column": "status"}]}),
        add("invoice", column("kind", json!({"type": "Enum", "values": ["x", "y"]}), true), false),
    ]));
}

#[test]
fn a_key_column_cannot_be_exchanged() {
    let change = json!({"intent": "change-type", "table": "invoice", "column": "id", "ty": {"type": "String", "length": 36}});
    let plan = of(&apply(&invoices(), &[change]));
    assert_eq!(
        plan.obstacles.iter().map(super::Obstacle::code).collect::<Vec<_>>(),
        ["policy/online-key-column"]
    );
}

#[test]
fn what_is_dropped_is_kept_and_comes_back() {
    let dropped =
        apply(&invoices(), &[json!({"intent": "drop-column", "table": "invoice", "column": "status"})]);
    insta::assert_snapshot!("a_dropped_column", both(&dropped));
    let restored = apply(
        dropped.schema(),
        &[json!({"intent": "restore-column", "table": "invoice", "column": "status"})],
    );
    insta::assert_snapshot!("a_restored_column", both(&restored));
    assert_eq!(restored.schema(), &invoices());
    let gone = apply(&invoices(), &[json!({"intent": "drop-table", "table": "invoice"})]);
    insta::assert_snapshot!("a_dropped_table", both(&gone));
    let back = apply(gone.schema(), &[json!({"intent": "restore-table", "table": "invoice"})]);
    insta::assert_snapshot!("a_restored_table", both(&back));
    let purge = json!({"intent": "purge-table", "table": "hookwright_dropped_1_invoice"});
    insta::assert_snapshot!("a_purged_table", both(&apply(gone.schema(), &[purge])));
}

#[test]
fn indexes_of_every_kind() {
    let index = |shape: serde_json::Value| {
        let mut index = json!({"intent": "create-index", "table": "invoice"});
        index.as_object_mut().expect("an object").extend(shape.as_object().expect("an object").clone());
        index
    };
    let partial =
        index(json!({"keys": [{"expression": "lower(status)"}], "unique": true, "where": "amount > 0"}));
    let include = index(json!({"keys": [{"column": "account"}], "include": ["amount"], "method": "btree"}));
    let brin = index(json!({"keys": [{"column": "amount"}], "method": "brin"}));
    insta::assert_snapshot!("a_partial_index", both(&apply(&invoices(), &[partial])));
    let postgres = apply(&invoices(), &[include, brin]);
    insta::assert_snapshot!("postgres_indexes", both(&postgres).split("--").next().unwrap_or_default());
}

#[test]
fn keys_generated_columns_and_names() {
    let model = apply(
        &invoices(),
        &[
            json!({"intent": "drop-primary-key", "table": "invoice"}),
            json!({"intent": "add-primary-key", "table": "invoice", "columns": ["id", "amount"]}),
            json!({"intent": "rename-check", "table": "invoice", "name": "positive", "to": "above_zero"}),
            json!({"intent": "rename-unique", "table": "invoice", "columns": ["status", "amount"], "to": "one_of_each"}),
            json!({"intent": "add-column", "table": "invoice",
                "column": {"name": "twice", "ty": {"type": "BigInt"}, "nullable": true, "generated": "amount * 2"}}),
        ],
    );
    insta::assert_snapshot!(both(&model));
}
