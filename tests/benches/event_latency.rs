//! One event's latency on each database, beside the same statements sent by hand, in turn.
//!
//! `cargo bench --workspace --bench event_latency` (with HOOKWRIGHT_TEST_POSTGRES for PostgreSQL; else SQLite alone).
//! Prints medians in microseconds and their ratio; only the ratio travels to another machine.

use std::time::Instant;

use hookwright::api::{OrgOptions, SubmitOptions};
use hookwright::config::Config;
use hookwright::host::Host;
use hookwright_core::event::Change;
use hookwright_core::ident::OrgName;
use hookwright_tests::postgres::TestDatabase;
use hookwright_tests::sqlite::TestFile;
use sqlx::{AssertSqlSafe, Connection, Executor};

/// Counted rounds; each is one event and one batch by hand.
const ROUNDS: usize = 300;
/// Columns of a table before the next one is begun, so that tables stay of the size that people have.
const COLUMNS: usize = 50;

fn main() -> anyhow::Result<()> {
    let runtime = tokio::runtime::Runtime::new()?;
    println!("{:<12} {:>12} {:>12} {:>8}", "ADD COLUMN", "event µs", "by hand µs", "ratio");
    runtime.block_on(sqlite())?;
    match std::env::var_os("HOOKWRIGHT_TEST_POSTGRES") {
        Some(_) => runtime.block_on(postgres()),
        None => Ok(()),
    }
}

async fn sqlite() -> anyhow::Result<()> {
    let (file, by_hand) = (TestFile::create(), TestFile::create());
    let mut hand = by_hand.connect().await;
    hand.execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL").await?;
    measure("SQLite", &file.url(), &mut hand, "").await
}

async fn postgres() -> anyhow::Result<()> {
    let database = TestDatabase::create().await;
    let mut hand = database.connect().await;
    hand.execute("CREATE SCHEMA hand").await?;
    measure("PostgreSQL", database.url(), &mut hand, "hand.").await?;
    hand.close().await?;
    database.close().await;
    Ok(())
}

async fn measure<C>(name: &str, url: &str, hand: &mut C, schema: &str) -> anyhow::Result<()>
where
    for<'c> &'c mut C: Executor<'c>,
{
    let directory = tempfile::tempdir()?;
    let mut config = Config::default();
    config.control.database = directory.path().join("control.db");
    let host = Host::start(config).await?;
    let org = OrgName::parse("bench")?;
    host.org_add(&org, url, OrgOptions::default()).await?;
    let sql = format!("CREATE TABLE {schema}ledger (id text PRIMARY KEY, body text NOT NULL)");
    hand.execute(AssertSqlSafe(sql)).await?;
    let (mut events, mut batches) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        let (table, column) = (format!("t{}", round / COLUMNS), format!("c{round}"));
        if round % COLUMNS == 0 {
            create(&host, &org, hand, schema, &table).await?;
        }
        let event = format!(
            r#"{{"id":"e-{round}","type":"field.create","entity":"{table}","field":{{"name":"{column}","type":"Text"}}}}"#
        );
        let change = Change::parse(event.as_bytes())?;
        let started = Instant::now();
        host.submit(&org, change, SubmitOptions::default()).await?;
        events.push(started.elapsed().as_micros());
        let batch = format!(
            "BEGIN; ALTER TABLE {schema}{table} ADD COLUMN {column} text; INSERT INTO {schema}ledger VALUES ('{column}', '{event}'); COMMIT"
        );
        let started = Instant::now();
        sqlx::raw_sql(AssertSqlSafe(batch)).execute(&mut *hand).await?;
        batches.push(started.elapsed().as_micros());
    }
    let (event, by_hand) = (median(&mut events), median(&mut batches));
    println!("{name:<12} {event:>12} {by_hand:>12} {:>8.2}", event as f64 / by_hand as f64);
    Ok(())
}

async fn create<C>(host: &Host, org: &OrgName, hand: &mut C, schema: &str, table: &str) -> anyhow::Result<()>
where
    for<'c> &'c mut C: Executor<'c>,
{
    let event = format!(
        r#"{{"id":"e-{table}","type":"entity.create","entity":{{"name":"{table}","fields":[{{"name":"id","type":"Text"}}]}}}}"#
    );
    host.submit(org, Change::parse(event.as_bytes())?, SubmitOptions::default()).await?;
    hand.execute(AssertSqlSafe(format!("CREATE TABLE {schema}{table} (id text)"))).await?;
    Ok(())
}

fn median(times: &mut [u128]) -> u128 {
    times.sort_unstable();
    times[times.len() / 2]
}
