//! A change that is rolled back leaves schema and metadata as they were before it.

use hookwright::outcome::Status;
use hookwright_tests::dump::dump;
use hookwright_tests::on_both;
use serde_json::{Value as Json, json};

use crate::bench::{ALLOWED, Bench, PLAIN, drop_entity, drop_field, restore_entity, restore_field, rollback};

on_both! { Bench::new =>
    every_kind_of_event_is_undone
    a_rollback_is_undone
    a_dropped_thing_is_back_with_all_that_let_go
    names_that_are_exchanged_are_exchanged_back
    what_a_rollback_drops_can_be_restored
    one_by_one_from_the_last
    a_failure_half_way_leaves_nothing
    other_changes_go_on_beside_it
    the_ledger_says_by_which_it_was_undone
}

/// Each with a name that tells it; some are groups.
fn changes() -> Vec<Json> {
    let update = |entity: &str, field: &str, changes: Json| json!({"id": "x", "type": "field.update", "entity": entity, "field": field, "changes": changes});
    let create =
        |field: Json| json!({"id": "x", "type": "field.create", "entity": "invoice", "field": field});
    vec![
        json!({"id": "x", "type": "entity.create", "entity": {"name": "note", "fields": [
            {"name": "id", "type": "Int", "nullable": false, "primaryKey": true},
            {"name": "invoice", "type": "Int", "references": {"table": "invoice", "column": "id"}, "indexed": true}]}}),
        json!({"id": "x", "type": "entity.update", "entity": "account", "changes": {"label": "Client", "comment": null}}),
        json!({"id": "x", "type": "entity.update", "entity": "account", "changes": {"name": "client"}}),
        json!({"id": "x", "type": "entity.delete", "entity": "line"}),
        drop_entity("x", "account"),
        drop_entity("x", "invoice"),
        create(json!({"name": "due", "type": "Date"})),
        create(
            json!({"name": "rate", "type": "Float", "nullable": false, "default": 1.5, "unique": false, "indexed": true}),
        ),
        create(json!({"name": "payer", "type": "Int", "references": {"table": "account", "column": "id"}})),
        update("account", "code", json!({"name": "number"})),
        update("account", "code", json!({"length": 200})),
        update("account", "code", json!({"nullable": true, "indexed": true})),
        update("account", "note", json!({"type": "String", "length": 10})),
        update("account", "note", json!({"comment": "other", "default": "none"})),
        update("invoice", "amount", json!({"default": null})),
        update("invoice", "amount", json!({"precision": 14})),
        update("invoice", "status", json!({"values": ["draft", "sent", "paid"], "default": "sent"})),
        update("invoice", "status", json!({"indexed": false})),
        update("invoice", "account", json!({"references": null})),
        update(
            "line",
            "code",
            json!({"references": {"table": "account", "column": "code", "onDelete": "CASCADE"}}),
        ),
        update("line", "code", json!({"unique": true})),
        drop_field("x", "account", "code"),
        drop_field("x", "invoice", "status"),
        json!({"id": "x", "type": "field.delete", "entity": "line", "field": "code"}),
        json!([
            {"id": "x", "type": "entity.update", "entity": "account", "changes": {"name": "client"}},
            {"id": "x-2", "type": "field.update", "entity": "client", "field": "code", "changes": {"name": "number"}},
            {"id": "x-3", "type": "field.create", "entity": "client", "field": {"name": "city", "type": "Text"}},
            {"id": "x-4", "type": "field.delete", "entity": "client", "field": "note", "dropColumn": true},
            {"id": "x-5", "type": "entity.delete", "entity": "line", "dropTable": true}]),
    ]
}

/// The same change with ids of its own.
fn with_ids(change: &Json, id: &str) -> Json {
    let renamed = |event: &Json, n: usize| {
        let mut event = event.clone();
        event["id"] = format!("{id}-{n}").into();
        event
    };
    match change {
        Json::Array(events) => events.iter().enumerate().map(|(n, event)| renamed(event, n)).collect(),
        event => renamed(event, 0),
    }
}

/// What is left of things that were made and undone.
async fn clear(bench: &Bench, id: &str) {
    let kept: Vec<_> = bench.tombstones().await;
    for (n, tombstone) in kept.iter().enumerate() {
        let mut purge = json!({"id": format!("{id}-{n}"), "type": "entity.purge", "entity": tombstone.entity, "kept": tombstone.kept});
        if let Some(field) = &tombstone.field {
            (purge["type"], purge["field"]) = ("field.purge".into(), field.as_str().into());
        }
        bench.applied(&purge).await;
    }
}

async fn every_kind_of_event_is_undone(bench: &Bench) {
    let before = bench.state().await;
    for (n, change) in changes().iter().enumerate() {
        let id = bench.applied(&with_ids(change, &format!("x-{n}"))).await;
        bench.rollback(&format!("b-{n}"), &id).await;
        clear(bench, &format!("p-{n}")).await;
        let now = bench.state().await;
        assert_eq!(now.dump, before.dump, "after {change}");
        assert_eq!(now.entities, before.entities, "after {change}");
    }
    bench.world.derives().await.unwrap();
}

async fn a_rollback_is_undone(bench: &Bench) {
    let before = bench.state().await;
    for (n, change) in changes().iter().enumerate() {
        let id = bench.applied(&with_ids(change, &format!("x-{n}"))).await;
        let after = bench.state().await;
        let back = bench.rollback(&format!("b-{n}"), &id).await;
        let again = bench.rollback(&format!("c-{n}"), &back).await;
        let now = bench.state().await;
        assert_eq!(now.entities, after.entities, "after {change}");
        bench.rollback(&format!("d-{n}"), &again).await;
        clear(bench, &format!("p-{n}")).await;
        assert!(bench.state().await == before, "after {change}");
    }
}

async fn a_dropped_thing_is_back_with_all_that_let_go(bench: &Bench) {
    let before = bench.state().await;
    let dropped = bench.applied(&json!([drop_entity("d-1", "account"), drop_entity("d-2", "invoice")])).await;
    assert_eq!(bench.kept().await.len(), 2);
    bench.rollback("b", &dropped).await;
    bench.is_again(&before).await;
    assert_eq!(bench.kept().await, [""; 0]);
    let dropped = bench.applied(&drop_field("d-3", "account", "code")).await;
    let restored = bench.applied(&restore_field("r", "account", "code")).await;
    let error = bench.refused(&rollback("b-2", &dropped)).await;
    assert_eq!(error.code, "change/overtaken");
    bench.rollback("b-3", &restored).await;
    assert_eq!(bench.kept().await, ["account.code"]);
    bench.rollback("b-4", &dropped).await;
    bench.is_again(&before).await;
}

async fn names_that_are_exchanged_are_exchanged_back(bench: &Bench) {
    let before = bench.state().await;
    let entity = |id: &str, from: &str, to: &str| json!({"id": id, "type": "entity.update", "entity": from, "changes": {"name": to}});
    let field = |id: &str, from: &str, to: &str| json!({"id": id, "type": "field.update", "entity": "invoice", "field": from, "changes": {"name": to}});
    let swapped = json!([
        entity("1", "account", "x"),
        entity("2", "line", "account"),
        entity("3", "x", "line"),
        field("4", "account", "x"),
        field("5", "parent", "account"),
        field("6", "x", "parent")
    ]);
    let id = bench.applied(&swapped).await;
    bench.rollback("b", &id).await;
    bench.is_again(&before).await;
}

async fn what_a_rollback_drops_can_be_restored(bench: &Bench) {
    let created = json!({"id": "x", "type": "entity.create", "entity": {"name": "note", "fields": [
        {"name": "id", "type": "Int", "nullable": false, "primaryKey": true}, {"name": "text", "type": "Text"}]}});
    let id = bench.applied(&created).await;
    bench.world.sql("INSERT INTO note VALUES (1, 'x')").await.unwrap();
    let before = bench.state().await;
    let held = bench.send(&rollback("b", &id), PLAIN).await.unwrap();
    assert_eq!((held.status, held.reasons[0].code.as_str()), (Status::Held, "policy/drop-table"));
    bench.rollback("b", &id).await;
    assert_eq!(bench.kept().await, ["note"]);
    bench.applied(&restore_entity("r", "note")).await;
    bench.is_again(&before).await;
}

async fn one_by_one_from_the_last(bench: &Bench) {
    let mut states = vec![bench.state().await];
    let mut ids = Vec::new();
    let steps = [
        json!({"id": "1", "type": "field.create", "entity": "invoice", "field": {"name": "due", "type": "Date"}}),
        json!({"id": "2", "type": "field.update", "entity": "invoice", "field": "due", "changes": {"name": "due_on"}}),
        json!({"id": "3", "type": "field.update", "entity": "invoice", "field": "due_on", "changes": {"nullable": false, "default": "2026-01-01"}}),
        drop_field("4", "invoice", "due_on"),
    ];
    bench.world.sql("DELETE FROM line").await.unwrap();
    bench.world.sql("UPDATE invoice SET parent = NULL").await.unwrap();
    bench.world.sql("DELETE FROM invoice").await.unwrap();
    states[0] = bench.state().await;
    for step in &steps {
        ids.push(bench.applied(step).await);
        states.push(bench.state().await);
    }
    let error = bench.refused(&rollback("b", &ids[1])).await;
    assert!(error.code == "change/overtaken" && error.message.contains(&ids[3]), "{error}");
    for (n, id) in ids.iter().enumerate().rev() {
        bench.rollback(&format!("b-{n}"), id).await;
        if n == 0 {
            clear(bench, "p").await;
        }
        bench.is_again(&states[n]).await;
    }
}

async fn a_failure_half_way_leaves_nothing(bench: &Bench) {
    let id = bench.applied(&drop_entity("d", "invoice")).await;
    let before = bench.state().await;
    let ledger = bench.ledger().await;
    let (fail, mend) = match bench.world.dialect() {
        hookwright_tests::scenario::Dialect::Postgres => (
            "CREATE FUNCTION hookwright.fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'injected'; END $$; \
             CREATE TRIGGER fail BEFORE INSERT ON hookwright.change FOR EACH ROW EXECUTE FUNCTION hookwright.fail()",
            "DROP TRIGGER fail ON hookwright.change",
        ),
        hookwright_tests::scenario::Dialect::Sqlite => (
            "CREATE TRIGGER hookwright_fail BEFORE INSERT ON hookwright_change BEGIN SELECT RAISE(ABORT, 'injected'); END",
            "DROP TRIGGER hookwright_fail",
        ),
    };
    for event in [rollback("b", &id), restore_entity("r", "invoice")] {
        bench.world.sql(fail).await.unwrap();
        let error = bench.refused(&event).await;
        bench.world.sql(mend).await.unwrap();
        if let hookwright_tests::scenario::Dialect::Postgres = bench.world.dialect() {
            bench.world.sql("DROP FUNCTION hookwright.fail()").await.unwrap();
        }
        assert!(error.message.contains("injected"), "{error}");
        bench.is_again(&before).await;
        assert_eq!((bench.ledger().await, bench.kept().await), (ledger.clone(), vec!["invoice".to_owned()]));
    }
    bench.rollback("b", &id).await;
}

async fn other_changes_go_on_beside_it(bench: &Bench) {
    let created = json!({"id": "x", "type": "field.create", "entity": "invoice", "field": {"name": "due", "type": "Date"}});
    let id = bench.applied(&created).await;
    let before = dump(&bench.world).await;
    let other = |n: usize| json!({"id": format!("o-{n}"), "type": "field.create", "entity": "account", "field": {"name": format!("f{n}"), "type": "Int"}});
    let (back, twice, one, two) = (rollback("b-1", &id), rollback("b-2", &id), other(1), other(2));
    let (a, b, c, d) = tokio::join!(
        bench.send(&back, ALLOWED),
        bench.send(&twice, ALLOWED),
        bench.send(&one, ALLOWED),
        bench.send(&two, ALLOWED)
    );
    let backs: Vec<_> = [a, b].into_iter().map(|r| r.map(|o| o.status).map_err(|e| e.code)).collect();
    assert!(
        backs.contains(&Ok(Status::Applied)) && backs.contains(&Err("change/undone".to_owned())),
        "{backs:?}"
    );
    assert!([c, d].into_iter().all(|r| r.unwrap().status == Status::Applied));
    bench.world.in_step().await.unwrap();
    assert_ne!(dump(&bench.world).await, before);
    assert_eq!(bench.kept().await, ["invoice.due"]);
}

async fn the_ledger_says_by_which_it_was_undone(bench: &Bench) {
    let id = bench.applied(&drop_field("d", "account", "note")).await;
    assert_eq!(bench.show(&id).await.rolled_back_by, None);
    let back = bench.rollback("b", &id).await;
    assert_eq!(bench.show(&id).await.rolled_back_by, Some(back.clone()));
    let ledger = bench.ledger().await;
    assert_eq!((&ledger[0].change, ledger[0].events[0].kind.as_str()), (&back, "change.rollback"));
    assert_eq!((&ledger[0].events[0].subject, &ledger[1].rolled_back_by), (&id, &Some(back.clone())));
    let again = bench.send(&rollback("b", &id), ALLOWED).await.unwrap();
    assert_eq!((again.status, again.change), (Status::Replayed, Some(back)));
}
