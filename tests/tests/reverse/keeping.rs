//! How long what is dropped is kept, and how it goes.

use hookwright::outcome::Status;
use hookwright_tests::on_both;
use hookwright_tests::scenario::Dialect;
use serde_json::json;

use crate::bench::{ALLOWED, Bench, PLAIN, drop_entity, drop_field, restore_entity, restore_field};

on_both! { Bench::new =>
    what_is_purged_is_gone
    a_purge_is_held_until_it_is_allowed
    a_held_purge_is_of_what_was_dropped_then
    what_is_kept_past_its_time_goes_when_asked
    nothing_is_kept_for_no_days
    a_serving_host_purges_only_where_it_shall
}

async fn what_is_purged_is_gone(bench: &Bench) {
    bench.applied(&drop_field("d-1", "account", "note")).await;
    bench.applied(&drop_entity("d-2", "line")).await;
    bench.applied(&json!({"id": "p-1", "type": "field.purge", "entity": "account", "field": "note"})).await;
    bench.applied(&json!({"id": "p-2", "type": "entity.purge", "entity": "line"})).await;
    assert_eq!(bench.kept().await, [""; 0]);
    for event in [restore_field("r-1", "account", "note"), restore_entity("r-2", "line")] {
        let error = bench.refused(&event).await;
        assert!(error.code == "metadata/not-found" && error.help.contains("restore --list"), "{error:?}");
    }
    assert!(!bench.state().await.dump.contains("hookwright_dropped"));
}

async fn a_purge_is_held_until_it_is_allowed(bench: &Bench) {
    bench.applied(&drop_entity("d", "line")).await;
    let purge = json!({"id": "p", "type": "entity.purge", "entity": "line"});
    let held = bench.send(&purge, PLAIN).await.unwrap();
    assert_eq!((held.status, held.reasons[0].code.as_str()), (Status::Held, "policy/purge"));
    let options = hookwright::api::ApproveOptions { allow_destructive: true, ..Default::default() };
    let made = bench.world.host().approve(bench.world.org(), &held.change.unwrap(), options).await.unwrap();
    assert_eq!(made.status, Status::Applied);
    assert_eq!(bench.kept().await, [""; 0]);
}

async fn a_held_purge_is_of_what_was_dropped_then(bench: &Bench) {
    bench.applied(&drop_field("d-1", "account", "note")).await;
    let purge = json!({"id": "p", "type": "field.purge", "entity": "account", "field": "note"});
    let held = bench.send(&purge, PLAIN).await.unwrap();
    assert_eq!(held.status, Status::Held);
    bench.applied(&restore_field("r-1", "account", "note")).await;
    bench.applied(&drop_field("d-2", "account", "note")).await;
    let options = hookwright::api::ApproveOptions { allow_destructive: true, ..Default::default() };
    let asked = bench.world.host().approve(bench.world.org(), &held.change.unwrap(), options).await.unwrap();
    assert_eq!((asked.status, asked.reasons[0].code.as_str()), (Status::Held, "policy/plan-moved"));
    assert_eq!(bench.kept().await.len(), 1);
}

/// Lets tombstones of a table's name be old.
async fn age(bench: &Bench, kept: &str) {
    let (table, old) = match bench.world.dialect() {
        Dialect::Postgres => ("hookwright.tombstone", "now() - interval '31 days'"),
        Dialect::Sqlite => ("hookwright_tombstone", "strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '-31 days')"),
    };
    let update = format!(
        "UPDATE {table} SET dropped_at = {old} WHERE table_name = '{kept}' OR column_name = '{kept}'"
    );
    bench.world.sql(&update).await.unwrap();
}

async fn what_is_kept_past_its_time_goes_when_asked(bench: &Bench) {
    bench.applied(&drop_field("d-1", "account", "note")).await;
    bench.applied(&drop_field("d-2", "invoice", "amount")).await;
    bench.applied(&drop_entity("d-3", "line")).await;
    for kept in ["hookwright_dropped_1_note", "hookwright_dropped_1_line"] {
        age(bench, kept).await;
    }
    let expired: Vec<_> =
        bench.tombstones().await.into_iter().filter(|t| t.expired).map(|t| t.subject()).collect();
    assert_eq!(expired.len(), 2, "{expired:?}");
    bench.applied(&json!({"id": "p", "type": "tombstones.purge"})).await;
    assert_eq!(bench.kept().await, ["invoice.amount"]);
}

async fn nothing_is_kept_for_no_days(of: &Bench) {
    let bench = Bench::with_policy(of.world.dialect(), Some("[tombstones]\nkeep-days = 0\n")).await;
    bench.applied(&drop_field("d-1", "account", "note")).await;
    let dropped = bench.applied(&drop_entity("d-2", "line")).await;
    assert_eq!(bench.kept().await, [""; 0]);
    assert!(!bench.state().await.dump.contains("hookwright_dropped"));
    assert_eq!(bench.refused(&restore_entity("r", "line")).await.code, "metadata/not-found");
    let error = bench.refused(&crate::bench::rollback("b", &dropped)).await;
    assert_eq!(error.code, "change/irreversible");
    assert!(error.message.contains("drop-table on \"line\": its rows are gone"), "{error}");
}

async fn a_serving_host_purges_only_where_it_shall(of: &Bench) {
    for (policy, left) in [("manual", 1), ("expired", 0)] {
        let policy = format!("[tombstones]\npurge = \"{policy}\"\n");
        let bench = Bench::with_policy(of.world.dialect(), Some(&policy)).await;
        let outcome = bench.send(&drop_field("d-1", "account", "note"), ALLOWED).await.unwrap();
        assert_eq!(outcome.status, Status::Applied);
        age(&bench, "hookwright_dropped_1_note").await;
        for _ in 0..2 {
            bench.world.host().purge_expired().await;
            assert_eq!(bench.kept().await.len(), left);
        }
    }
}
