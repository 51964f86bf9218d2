//! A column that is dropped and restored is what it was: values, constraints, indexes, metadata.

use hookwright::outcome::Status;
use hookwright_tests::on_both;
use serde_json::json;

use crate::bench::{ALLOWED, Bench, PLAIN, drop_field, restore_field};

on_both! { Bench::new =>
    every_column_comes_back_as_it_was
    all_at_once_come_back
    rows_that_came_meanwhile_must_have_values
    the_one_dropped_last_comes_back
    others_may_be_renamed_meanwhile
    in_one_change_nothing_happens
    a_dry_run_and_a_replay_change_nothing
}

async fn every_column_comes_back_as_it_was(bench: &Bench) {
    let before = bench.state().await;
    let fields = [
        ("account", "code"),
        ("account", "note"),
        ("invoice", "status"),
        ("invoice", "account"),
        ("invoice", "amount"),
        ("invoice", "parent"),
        ("line", "invoice"),
        ("line", "code"),
    ];
    for (n, (entity, field)) in fields.into_iter().enumerate() {
        let change = bench.applied(&drop_field(&format!("d-{n}"), entity, field)).await;
        let kept = bench.tombstones().await;
        assert_eq!((kept.len(), kept[0].subject()), (1, format!("{entity}.{field}")));
        assert_eq!(
            (kept[0].change.as_ref(), kept[0].actor.as_deref(), kept[0].expired),
            (Some(&change), Some("ann"), false)
        );
        bench.applied(&restore_field(&format!("r-{n}"), entity, field)).await;
        bench.is_again(&before).await;
        assert_eq!(bench.kept().await, [""; 0]);
    }
    bench.world.derives().await.unwrap();
}

async fn all_at_once_come_back(bench: &Bench) {
    let before = bench.state().await;
    let fields = ["status", "account", "amount", "parent"];
    for field in fields {
        bench.applied(&drop_field(&format!("d-{field}"), "invoice", field)).await;
    }
    assert_eq!(bench.kept().await.len(), 4);
    for field in ["amount", "status", "parent", "account"] {
        bench.applied(&restore_field(&format!("r-{field}"), "invoice", field)).await;
    }
    bench.is_again(&before).await;
}

async fn rows_that_came_meanwhile_must_have_values(bench: &Bench) {
    bench.applied(&drop_field("d", "line", "invoice")).await;
    bench.world.sql("INSERT INTO line (id) VALUES (3)").await.unwrap();
    let held = bench.send(&restore_field("r", "line", "invoice"), ALLOWED).await.unwrap();
    assert_eq!((held.status, held.reasons[0].code.as_str()), (Status::Held, "policy/restore-column"));
    let kept = bench.tombstones().await[0].kept.clone();
    bench.world.sql(&format!("UPDATE line SET {kept} = 1 WHERE id = 3")).await.unwrap();
    bench.applied(&restore_field("r", "line", "invoice")).await;
    let rows = bench.world.rows("SELECT id, invoice FROM line ORDER BY id").await.unwrap();
    assert_eq!(rows, ["1 | 1", "2 | 2", "3 | 1"]);
}

async fn the_one_dropped_last_comes_back(bench: &Bench) {
    let again = json!({"id": "again", "type": "field.create", "entity": "account", "field": {"name": "note", "type": "Int"}});
    bench.applied(&drop_field("d-1", "account", "note")).await;
    bench.applied(&again).await;
    bench.applied(&drop_field("d-2", "account", "note")).await;
    assert_eq!(bench.kept().await, ["account.note", "account.note"]);
    bench.applied(&restore_field("r-1", "account", "note")).await;
    assert_eq!(type_of_note(bench).await, "Int");
    bench.applied(&drop_field("d-3", "account", "note")).await;
    let first = bench.tombstones().await.last().unwrap().kept.clone();
    let named =
        json!({"id": "r-2", "type": "field.restore", "entity": "account", "field": "note", "kept": first});
    bench.applied(&named).await;
    assert_eq!(type_of_note(bench).await, "Text");
    let rows = bench.world.rows("SELECT note FROM account ORDER BY id").await.unwrap();
    assert_eq!(rows, ["x", "NULL"]);
}

async fn type_of_note(bench: &Bench) -> String {
    let account = &bench.entities().await[0];
    account.fields.iter().find(|f| f.spec.name.as_str() == "note").unwrap().spec.ty.describe()
}

async fn others_may_be_renamed_meanwhile(bench: &Bench) {
    let rename = |id: &str, entity: &str, field: &str, to: &str| json!({"id": id, "type": "field.update", "entity": entity, "field": field, "changes": {"name": to}});
    let entity = |id: &str, from: &str, to: &str| json!({"id": id, "type": "entity.update", "entity": from, "changes": {"name": to}});
    bench.applied(&drop_field("d-1", "account", "code")).await;
    bench.applied(&drop_field("d-2", "invoice", "account")).await;
    bench.applied(&entity("n-1", "account", "client")).await;
    bench.applied(&rename("n-2", "client", "id", "key")).await;
    bench.applied(&entity("n-3", "invoice", "bill")).await;
    bench.applied(&rename("n-4", "line", "code", "client_code")).await;
    bench.applied(&restore_field("r-2", "bill", "account")).await;
    bench.applied(&restore_field("r-1", "client", "code")).await;
    let all = bench.entities().await;
    let reference = |entity: &str, field: &str| {
        let entity = all.iter().find(|e| e.name.as_str() == entity).unwrap();
        let field = entity.fields.iter().find(|f| f.spec.name.as_str() == field).unwrap();
        let reference = field.spec.references.as_ref().unwrap();
        format!("{}.{}", reference.table.as_str(), reference.column.as_str())
    };
    assert_eq!(reference("bill", "account"), "client.key");
    assert_eq!(reference("line", "client_code"), "client.code");
    bench.world.derives().await.unwrap();
}

async fn in_one_change_nothing_happens(bench: &Bench) {
    let before = bench.state().await;
    bench
        .applied(&json!([drop_field("d", "invoice", "status"), restore_field("r", "invoice", "status")]))
        .await;
    bench.is_again(&before).await;
    assert_eq!(bench.kept().await, [""; 0]);
}

async fn a_dry_run_and_a_replay_change_nothing(bench: &Bench) {
    bench.applied(&drop_field("d", "account", "note")).await;
    let dropped = bench.state().await;
    let planned = bench
        .send(
            &restore_field("r", "account", "note"),
            hookwright_tests::scenario::Mode { dry_run: true, ..PLAIN },
        )
        .await;
    assert_eq!(planned.unwrap().status, Status::Planned);
    bench.is_again(&dropped).await;
    bench.applied(&restore_field("r", "account", "note")).await;
    let again = bench.send(&restore_field("r", "account", "note"), PLAIN).await.unwrap();
    assert_eq!(again.status, Status::Replayed);
}
