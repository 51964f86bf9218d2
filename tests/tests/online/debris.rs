//! Steps whose rows hands deleted: what they made is recognised, nobody takes it for somebody's, and it can be taken away.

use hookwright::doctor::Examined;
use hookwright::outcome::Status;
use hookwright::trouble::{Fix, Trouble};
use hookwright_tests::world::runtime;
use serde_json::json;

use crate::bench::{Bench, Boundary, Trap};

/// Rows of some tables of the bookkeeping are deleted while a step is run.
async fn left(tables: &[&str]) -> Bench {
    let bench = Bench::with(hookwright::config::Config::default()).await;
    let event = json!({"id": "e-9", "type": "field.update", "entity": "invoice", "field": "note", "changes": {"type": "Int"}});
    let trap = Trap::set(&bench.url(), Boundary::Done(1)).await;
    let first = bench.send(&event).await;
    assert_eq!(first.status, Status::Staged, "{first:#?}");
    // Whoever is in the step has locked its rows: they are deleted as it ends, before it can come back.
    let deleted: String = tables.iter().map(|table| format!("; DELETE FROM hookwright.{table}")).collect();
    let hand = format!("SELECT pg_terminate_backend({}){deleted}", trap.caught().await);
    bench.world.sql(&hand).await.unwrap();
    trap.open().await;
    bench
}

fn told(examined: &Examined) -> Option<&Trouble> {
    examined.checks.iter().flat_map(|check| &check.troubles).find(|trouble| trouble.code == "change/debris")
}

#[test]
fn what_steps_left_without_their_rows_is_taken_away() {
    runtime().block_on(async {
        let bench = left(&["step", "journal", "held", "held_event"]).await;
        let (host, org) = (bench.world.host(), bench.world.org());
        let examined = host.examine(org, false).await.unwrap();
        let found = told(&examined).unwrap_or_else(|| panic!("{examined:#?}")).clone();
        for what in ["the trigger \"zzz_hookwright_inserts_", "the function \"hookwright_keep_invoice_", "the column \"hookwright_new_note\" of \"invoice\""] {
            assert!(found.found.contains(what), "{found:?}");
        }
        assert_eq!(found.fix, Some(Fix::Clear), "{found:?}");
        // It is neither drift nor anybody's: no repair takes a part of it away, and programs write as before.
        let drift = host.drift(org).await.unwrap();
        assert!(!format!("{:?}", drift.findings).contains("hookwright_"), "{drift:#?}");
        let sync = json!({"id": "e-10", "type": "schema.sync", "extras": true});
        bench.send(&sync).await;
        bench.world.sql("INSERT INTO invoice (id, note) VALUES (900001, '900001')").await.unwrap();
        host.fix(org, &Fix::Clear).await.unwrap();
        assert_eq!(told(&host.examine(org, false).await.unwrap()), None);
        bench.is_tidy().await;
        bench.world.sql("INSERT INTO invoice (id, note) VALUES (900002, '900002')").await.unwrap();
        let again = json!({"id": "e-11", "type": "field.update", "entity": "invoice", "field": "note", "changes": {"type": "Int"}});
        assert_eq!(bench.staged(&again).await.status, Status::Applied);
        bench.is_tidy().await;
    });
}

/// With the steps still in the journal whoever goes on takes them back, and the event can be sent again.
#[test]
fn steps_without_the_row_of_their_change_are_taken_back() {
    runtime().block_on(async {
        let bench = left(&["held"]).await;
        let (host, org) = (bench.world.host(), bench.world.org());
        let left = "SELECT count(*) FROM hookwright.journal";
        while bench.world.rows(left).await.unwrap() != ["0"] {
            host.resume(org).await.unwrap();
            tokio::task::yield_now().await;
        }
        bench.is_tidy().await;
        let event = json!({"id": "e-9", "type": "field.update", "entity": "invoice", "field": "note", "changes": {"type": "Int"}});
        assert_eq!(bench.staged(&event).await.status, Status::Applied);
    });
}
