//! The connection is cut at each step boundary: the host finds out what was done, and the change comes to its end.

use hookwright::outcome::Status;
use hookwright_tests::world::runtime;
use serde_json::{Value as Json, json};

use crate::bench::{Bench, Trap};

/// Cuts the connection in the transaction of each step in turn.
async fn cut_everywhere(changes: Json, field: &str, steps: i32) {
    for step in 0..steps {
        let bench = Bench::new().await;
        let trap = Trap::set(&bench.url(), step).await;
        let event = json!({"id": "x", "type": "field.update", "entity": "invoice", "field": field, "changes": changes});
        let first = bench.send(&event).await;
        trap.end(trap.caught().await).await;
        trap.open().await;
        let outcome = bench.follow(&first).await;
        assert_eq!(outcome.status, Status::Applied, "cut at step {step}: {:#?}", outcome.reasons);
        bench.is_tidy().await;
    }
}

#[test]
fn of_a_type() {
    runtime().block_on(cut_everywhere(json!({"type": "Int"}), "note", 3));
}

#[test]
fn of_a_required_and_unique_field() {
    runtime().block_on(cut_everywhere(json!({"nullable": false, "unique": true}), "number", 3));
}

#[test]
fn of_a_reference() {
    let changes = json!({"references": {"table": "account", "column": "id", "onDelete": "RESTRICT"}});
    runtime().block_on(cut_everywhere(changes, "owner", 3));
}
