//! A lock that somebody holds for long: the change tells who it is, and waits; what its steps made is not thrown away.

use std::time::Duration;

use hookwright::api::RejectOptions;
use hookwright::config::Config;
use hookwright::outcome::{Outcome, Status};
use hookwright_tests::postgres::connect;
use hookwright_tests::world::runtime;
use serde_json::{Value as Json, json};
use sqlx::PgConnection;

use crate::bench::Bench;

async fn bench(patience_ms: u64) -> Bench {
    let mut config = Config::default();
    (config.retry.lock_attempts, config.retry.lock_max_ms) = (2, 5);
    (config.retry.patience_ms, config.database.lock_timeout_ms) = (patience_ms, 50);
    Bench::with(config).await
}

fn event() -> Json {
    json!({"id": "x", "type": "field.update", "entity": "invoice", "field": "number", "changes": {"unique": true}})
}

/// A transaction that has read the table, and does not end.
async fn reader(bench: &Bench) -> PgConnection {
    let mut reader = connect(&bench.url()).await;
    let read = format!("BEGIN; SELECT FROM \"{}\".invoice LIMIT 1", bench.world.org());
    sqlx::raw_sql(sqlx::AssertSqlSafe(read)).execute(&mut reader).await.unwrap();
    reader
}

/// Follows the change until it tells that it waits.
async fn waits(bench: &Bench, first: &Outcome) -> Outcome {
    let id = first.change.as_deref().unwrap();
    let look = async {
        loop {
            let now = bench.world.host().change(bench.world.org(), id).await.unwrap();
            if !now.reasons.is_empty() {
                return now;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), look).await.expect("it does not tell that it waits")
}

#[test]
fn until_it_is_granted() {
    runtime().block_on(async {
        let bench = bench(3_600_000).await;
        let mut reader = reader(&bench).await;
        let first = bench.send(&event()).await;
        let waiting = waits(&bench, &first).await;
        assert_eq!((waiting.status, waiting.reasons[0].code.as_str()), (Status::Staged, "db/blocked"));
        assert!(waiting.reasons[0].message.contains("idle in transaction"), "{:?}", waiting.reasons);
        assert!(waiting.steps.iter().all(|s| s.state == "done"), "{:#?}", waiting.steps);
        sqlx::raw_sql("COMMIT").execute(&mut reader).await.unwrap();
        let outcome = bench.follow(&first).await;
        assert_eq!((outcome.status, outcome.reasons.len()), (Status::Applied, 0));
        bench.is_tidy().await;
    });
}

#[test]
fn until_somebody_decides_against_it() {
    runtime().block_on(async {
        let bench = bench(3_600_000).await;
        let mut reader = reader(&bench).await;
        let first = bench.send(&event()).await;
        let id = waits(&bench, &first).await.change.unwrap();
        bench.world.host().reject(bench.world.org(), &id, RejectOptions::default()).await.unwrap();
        sqlx::raw_sql("COMMIT").execute(&mut reader).await.unwrap();
        let outcome = bench.follow(&first).await;
        assert_eq!(
            (outcome.status, outcome.reasons[0].code.as_str()),
            (Status::RolledBack, "change/decided")
        );
        bench.is_tidy().await;
    });
}

#[test]
fn until_patience_is_over() {
    runtime().block_on(async {
        let bench = bench(0).await;
        let before = bench.world.physical().await.0;
        let wider = json!({"id": "x", "type": "field.update", "entity": "invoice", "field": "number", "changes": {"type": "BigInt"}});
        let mut reader = reader(&bench).await;
        let outcome = bench.send(&wider).await;
        let id = outcome.change.clone().unwrap();
        let reasons = waits(&bench, &outcome).await.reasons;
        assert_eq!(reasons[0].code, "db/blocked");
        sqlx::raw_sql("COMMIT").execute(&mut reader).await.unwrap();
        let ended = bench.follow(&outcome).await;
        assert_eq!((ended.status, ended.change), (Status::RolledBack, Some(id)));
        bench.is_tidy().await;
        assert_eq!(bench.world.physical().await.0, before);
    });
}
