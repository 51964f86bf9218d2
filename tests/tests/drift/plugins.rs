//! Plugins and metadata that call for something else than they did.

use hookwright_core::drift::Moved;
use hookwright_tests::scenario::Dialect;
use hookwright_tests::world::{TestHost, runtime};
use serde_json::json;

use super::bench::{ALLOWED, Bench, sync, told};
use hookwright::outcome::Status;

#[test]
fn a_field_that_was_deleted_and_kept_is_told() {
    for dialect in [Dialect::Postgres, Dialect::Sqlite] {
        runtime().block_on(async {
            let bench = Bench::new(&TestHost::start().await, "acme", dialect).await;
            bench
                .event(&json!({"id": "d", "type": "field.delete", "entity": "invoice", "field": "note"}))
                .await;
            let drift = bench.drift().await;
            assert_eq!(told(&drift.findings), ["drift/extra-column invoice.note"]);
            assert_eq!(drift.findings[0].moved, Moved::Metadata);
            let outcome = bench.send(&sync(), ALLOWED).await;
            assert_eq!(outcome.status, Status::Applied, "{:#?}", outcome.reasons);
            assert!(bench.drift().await.findings.is_empty());
            let restored = json!({"id": "r", "type": "schema.sync", "entity": "invoice"});
            assert_eq!(bench.send(&restored, ALLOWED).await.statements.len(), 0);
        });
    }
}
