//! What no event of the embedded plugin leads to: constraints, partial indexes, computed columns, conversions.

use hookwright_tests::intents::change;
use hookwright_tests::on_both;
use hookwright_tests::scenario::Dialect;
use serde_json::{Value as Json, json};

use crate::bench::{Bench, drop_entity, drop_field, restore_entity, restore_field, rollback};

on_both! { Bench::new =>
    what_is_on_a_column_comes_back_with_it
    every_intent_is_undone
    what_wrote_over_values_stays
}

fn on(table: &str, intent: &str, more: Json) -> Json {
    let mut all = json!({"intent": intent, "table": table});
    all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    all
}

/// Everything that can be on a table.
fn laden(dialect: Dialect) -> Vec<Json> {
    let mut all = vec![
        on(
            "invoice",
            "create-index",
            json!({"keys": [{"column": "account"}, {"column": "amount"}], "unique": true}),
        ),
        on("invoice", "create-index", json!({"keys": [{"column": "account"}], "where": "amount > 5"})),
        on("account", "create-index", json!({"keys": [{"expression": "lower(note)"}]})),
        on("account", "add-unique", json!({"columns": ["note", "code"]})),
        on("account", "rename-unique", json!({"columns": ["note", "code"], "to": "note_and_code_key"})),
        on("invoice", "add-check", json!({"name": "small", "expression": "amount < 1000"})),
        on("invoice", "rename-foreign-key", json!({"columns": ["account"], "to": "who_pays"})),
    ];
    if dialect == Dialect::Postgres {
        all.push(on("account", "create-index", json!({"keys": [{"column": "code"}], "include": ["note"]})));
        all.push(on("account", "create-index", json!({"keys": [{"column": "code"}], "method": "hash"})));
        all.push(on("invoice", "rename-primary-key", json!({"to": "the_key"})));
    }
    all
}

async fn what_is_on_a_column_comes_back_with_it(bench: &Bench) {
    change(&bench.world, "i", &laden(bench.world.dialect())).await;
    bench.world.in_step().await.unwrap();
    let before = bench.state().await;
    for (n, (entity, field)) in
        [("account", "code"), ("account", "note"), ("invoice", "account"), ("invoice", "amount")]
            .into_iter()
            .enumerate()
    {
        bench.applied(&drop_field(&format!("d-{n}"), entity, field)).await;
        bench.applied(&restore_field(&format!("r-{n}"), entity, field)).await;
        bench.is_again(&before).await;
    }
    for entity in ["account", "invoice"] {
        bench.applied(&drop_entity(&format!("d-{entity}"), entity)).await;
        bench.applied(&restore_entity(&format!("r-{entity}"), entity)).await;
        bench.is_again(&before).await;
    }
}

async fn every_intent_is_undone(bench: &Bench) {
    let laden = laden(bench.world.dialect());
    let empty = bench.state().await;
    let id = change(&bench.world, "i", &laden).await;
    let before = bench.state().await;
    let column = |name: &str, more: Json| {
        let mut column = json!({"name": name, "ty": {"type": "Int"}, "nullable": true});
        column.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({"column": column})
    };
    let groups: Vec<Vec<Json>> = vec![
        vec![
            on("line", "drop-primary-key", json!({})),
            on("line", "add-primary-key", json!({"columns": ["id", "invoice"]})),
        ],
        vec![
            on("account", "add-column", column("size", json!({"generated": "length(code)"}))),
            on("account", "create-index", json!({"keys": [{"column": "size"}]})),
            on("account", "drop-column", json!({"column": "size"})),
        ],
        vec![
            on("invoice", "drop-check", json!({"name": "small"})),
            on("invoice", "add-check", json!({"name": "tiny", "expression": "amount < 100"})),
        ],
        vec![on("invoice", "rename-check", json!({"name": "small", "to": "limited"}))],
        vec![on("account", "drop-unique", json!({"columns": ["note", "code"]}))],
        vec![on("invoice", "drop-index", json!({"keys": [{"column": "account"}], "where": "amount > 5"}))],
        vec![on(
            "invoice",
            "rename-index",
            json!({"keys": [{"column": "account"}], "where": "amount > 5", "to": "dear"}),
        )],
        vec![on("invoice", "drop-foreign-key", json!({"columns": ["account"]}))],
        vec![on(
            "account",
            "change-type",
            json!({"column": "note", "ty": {"type": "String", "length": 30}, "using": {"named": "truncate"}}),
        )],
        vec![
            on("invoice", "set-comment", json!({"comment": "what is owed"})),
            on("invoice", "set-comment", json!({"column": "amount"})),
        ],
        vec![
            json!({"intent": "create-table", "table": "extra", "columns": [{"name": "id", "ty": {"type": "Int"}, "nullable": false}], "primaryKey": ["id"]}),
            on("extra", "add-column", column("line", json!({}))),
            on(
                "extra",
                "add-foreign-key",
                json!({"columns": ["line"], "to": "line", "target": ["id"], "on_delete": "CASCADE", "onDelete": "CASCADE"}),
            ),
            on("extra", "rename-table", json!({"to": "more"})),
        ],
        vec![
            on("account", "add-column", column("rank", json!({}))),
            on("account", "backfill", json!({"column": "rank", "value": {"expression": "id + 1"}})),
        ],
    ];
    for (n, group) in groups.iter().enumerate() {
        let id = change(&bench.world, &format!("g-{n}"), group).await;
        bench.rollback(&format!("b-{n}"), &id).await;
        clear(bench, &format!("p-{n}")).await;
        assert_eq!(bench.state().await.dump, before.dump, "after {group:?}");
    }
    bench.rollback("b", &id).await;
    bench.is_again(&empty).await;
}

async fn clear(bench: &Bench, id: &str) {
    for (n, tombstone) in bench.tombstones().await.iter().enumerate() {
        let mut purge =
            json!({"id": format!("{id}-{n}"), "type": "entity.purge", "entity": tombstone.entity});
        if let Some(field) = &tombstone.field {
            (purge["type"], purge["field"]) = ("field.purge".into(), field.as_str().into());
        }
        bench.send(&purge, crate::bench::ALLOWED).await.unwrap();
    }
}

async fn what_wrote_over_values_stays(bench: &Bench) {
    let fill = on(
        "account",
        "backfill",
        json!({"column": "note", "value": {"expression": "upper(note)"}, "where": "id = 1"}),
    );
    let id = change(&bench.world, "f", &[fill]).await;
    let error = bench.refused(&rollback("b", &id)).await;
    assert_eq!(error.code, "change/irreversible");
    assert!(error.message.contains("backfill on \"account\": it wrote over values"), "{error}");
}
