//! A table that is dropped and restored is what it was, and what referred to it refers to it again.

use hookwright_tests::on_both;
use serde_json::json;

use crate::bench::{Bench, drop_entity, drop_field, restore_entity, restore_field};

on_both! { Bench::new =>
    every_table_comes_back_as_it_was
    all_come_back_in_the_right_order
    a_table_waits_for_what_it_refers_to
    what_let_go_and_changed_since_stays_as_it_is
    columns_dropped_before_come_back_after
    the_table_without_its_entity
}

async fn every_table_comes_back_as_it_was(bench: &Bench) {
    let before = bench.state().await;
    for entity in ["account", "invoice", "line"] {
        bench.applied(&drop_entity(&format!("d-{entity}"), entity)).await;
        let kept = bench.tombstones().await;
        assert_eq!((kept.len(), kept[0].subject(), &kept[0].field), (1, entity.to_owned(), &None));
        bench.applied(&restore_entity(&format!("r-{entity}"), entity)).await;
        bench.is_again(&before).await;
    }
    assert_eq!(bench.kept().await, [""; 0]);
    bench.world.derives().await.unwrap();
}

async fn all_come_back_in_the_right_order(bench: &Bench) {
    let before = bench.state().await;
    for entity in ["line", "account", "invoice"] {
        bench.applied(&drop_entity(&format!("d-{entity}"), entity)).await;
    }
    assert_eq!(bench.kept().await, ["invoice", "account", "line"]);
    for entity in ["invoice", "account", "line"] {
        bench.applied(&restore_entity(&format!("r-{entity}"), entity)).await;
    }
    bench.is_again(&before).await;
}

async fn a_table_waits_for_what_it_refers_to(bench: &Bench) {
    let before = bench.state().await;
    bench.applied(&drop_entity("d-1", "line")).await;
    bench.applied(&drop_entity("d-2", "invoice")).await;
    let outcome = bench.send(&restore_entity("r-1", "line"), crate::bench::ALLOWED).await.unwrap();
    assert_eq!(outcome.reasons[0].code, "policy/unknown-target", "{outcome:?}");
    bench.applied(&restore_entity("r-2", "invoice")).await;
    bench.applied(&restore_entity("r-3", "line")).await;
    bench.is_again(&before).await;
}

async fn what_let_go_and_changed_since_stays_as_it_is(bench: &Bench) {
    bench.applied(&drop_entity("d", "account")).await;
    bench.applied(&drop_field("d-2", "line", "code")).await;
    let other = json!({"id": "u", "type": "field.update", "entity": "invoice", "field": "account",
        "changes": {"references": {"table": "invoice", "column": "id"}}});
    bench.world.sql("UPDATE invoice SET account = NULL").await.unwrap();
    bench.applied(&other).await;
    bench.applied(&restore_entity("r", "account")).await;
    let invoice = &bench.entities().await[1];
    let reference = invoice
        .fields
        .iter()
        .find_map(|f| f.spec.references.as_ref().filter(|_| f.spec.name.as_str() == "account"));
    assert_eq!(reference.unwrap().table.as_str(), "invoice");
    assert_eq!(bench.kept().await, ["line.code"]);
}

async fn columns_dropped_before_come_back_after(bench: &Bench) {
    let before = bench.state().await;
    bench.applied(&drop_field("d-1", "invoice", "amount")).await;
    bench.applied(&drop_entity("d-2", "invoice")).await;
    assert_eq!(bench.kept().await, ["invoice"]);
    let error = bench.refused(&restore_field("r-0", "invoice", "amount")).await;
    assert!(
        error.code == "metadata/not-found" && error.help.contains("hookwright restore invoice"),
        "{error:?}"
    );
    bench.applied(&restore_entity("r-1", "invoice")).await;
    let kept = bench.tombstones().await;
    assert_eq!((kept[0].subject().as_str(), kept[0].actor.as_deref()), ("invoice.amount", Some("ann")));
    bench.applied(&restore_field("r-2", "invoice", "amount")).await;
    bench.is_again(&before).await;
}

/// A plugin drops a table whose entity stays.
async fn the_table_without_its_entity(bench: &Bench) {
    let before = bench.state().await;
    let drop = json!({"intent": "drop-table", "table": "line"});
    hookwright_tests::intents::change(&bench.world, "i-1", &[drop]).await;
    bench.applied(&restore_entity("r", "line")).await;
    bench.is_again(&before).await;
}
