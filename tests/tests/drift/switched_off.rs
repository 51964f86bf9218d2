//! PostgreSQL: foreign keys whose triggers somebody switched off, as loading rows by hand often does.

use hookwright::outcome::Status;
use hookwright_tests::scenario::{Dialect, Mode};
use hookwright_tests::world::{TestHost, runtime};
use serde_json::json;

use super::bench::{ALLOWED, Bench, sync, told};

const NOBODY: &str = "00000000-0000-0000-0000-000000000099";

async fn switched_off(table: &str) -> Bench {
    let bench = Bench::new(&TestHost::start().await, "acme", Dialect::Postgres).await;
    bench.hand(&format!("ALTER TABLE {table} DISABLE TRIGGER ALL")).await;
    bench
}

#[test]
fn they_are_told_from_either_side_and_switched_on_again() {
    for table in ["invoice", "account"] {
        runtime().block_on(async {
            let bench = switched_off(table).await;
            let findings = bench.drift().await.findings;
            assert_eq!(told(&findings), ["drift/disabled-foreign-key invoice.account"]);
            let finding = bench.told(&findings[0]);
            assert!(finding.message.contains("is not checked") && finding.moved == "hands", "{finding:?}");
            bench.event(&sync()).await;
            assert_eq!(told(&bench.drift().await.findings), Vec::<String>::new());
            let insert = format!("INSERT INTO invoice (id, no, account) VALUES ('{NOBODY}', 99, '{NOBODY}')");
            bench.world.sql(&insert).await.expect_err("it is checked again");
        });
    }
}

#[test]
fn rows_that_came_meanwhile_are_named_before() {
    runtime().block_on(async {
        let bench = switched_off("invoice").await;
        bench.hand(&format!("UPDATE invoice SET account = '{NOBODY}' WHERE no = 3")).await;
        let planned = bench.send(&sync(), Mode { dry_run: true, ..ALLOWED }).await;
        assert_ne!(planned.status, Status::Planned, "{planned:#?}");
        assert!(
            planned.reasons.iter().any(|reason| reason.message.contains(NOBODY)),
            "{:#?}",
            planned.reasons
        );
        bench.hand("UPDATE invoice SET account = NULL WHERE no = 3").await;
        bench.event(&json!({"id": "again", "type": "schema.sync"})).await;
        assert_eq!(told(&bench.drift().await.findings), Vec::<String>::new());
    });
}

/// The host that serves hears of it.
#[test]
fn the_fingerprint_moves() {
    runtime().block_on(async {
        let bench = Bench::new(&TestHost::start().await, "acme", Dialect::Postgres).await;
        let mut watch = bench.world.host().drift_watch();
        watch.round(true).await;
        assert_eq!(watch.round(false).await.compared, 0);
        bench.hand("ALTER TABLE invoice DISABLE TRIGGER ALL").await;
        assert_eq!(watch.round(false).await.compared, 1);
    });
}
