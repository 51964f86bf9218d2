//! Repairs of large tables: what the steps made is not taken for what was there already.

use hookwright::outcome::Status;
use hookwright_tests::world::runtime;
use serde_json::json;

use crate::bench::Bench;

/// What hands do to `invoice`, and whether its repair takes steps.
const DEEDS: [(&str, bool); 8] = [
    ("DROP INDEX invoice_owner_idx", true),
    ("ALTER TABLE invoice DROP CONSTRAINT invoice_owner_fkey", true),
    ("ALTER TABLE invoice DROP CONSTRAINT invoice_note_key", true),
    ("ALTER TABLE invoice ALTER number DROP NOT NULL", true),
    ("ALTER TABLE invoice ALTER status TYPE text", true),
    ("ALTER TABLE invoice DROP status", false),
    ("ALTER TABLE invoice ALTER status DROP DEFAULT", false),
    ("ALTER TABLE invoice RENAME number TO no", false),
];

#[test]
fn what_hands_did_to_a_large_table_is_undone_in_steps() {
    runtime().block_on(undone());
}

async fn undone() {
    let bench = Bench::new().await;
    let changes = [
        ("n", json!({"nullable": false})),
        ("o", json!({"indexed": true, "references": {"table": "account", "column": "id"}})),
    ];
    for ((id, changes), field) in changes.into_iter().zip(["number", "owner"]) {
        let event = json!({"id": id, "type": "field.update", "entity": "invoice", "field": field, "changes": changes});
        assert_eq!(bench.staged(&event).await.status, Status::Applied);
    }
    let rows = "SELECT id, number, owner, note FROM invoice ORDER BY id";
    let before = bench.world.rows(rows).await.unwrap();
    for (number, (deed, takes_steps)) in DEEDS.into_iter().enumerate() {
        bench.world.sql(deed).await.unwrap_or_else(|e| panic!("{deed}: {e}"));
        let repair = json!({"id": format!("r{number}"), "type": "schema.sync"});
        let outcome = match takes_steps {
            true => bench.staged(&repair).await,
            false => bench.send(&repair).await,
        };
        assert_eq!(outcome.status, Status::Applied, "{deed}: {:#?}", outcome.reasons);
        assert!(bench.world.host().drift(bench.world.org()).await.unwrap().findings.is_empty(), "{deed}");
        bench.is_tidy().await;
        assert_eq!(bench.world.rows(rows).await.unwrap(), before, "{deed}");
    }
}
