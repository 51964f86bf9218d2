//! From an event to committed DDL, by one organisation, beside the same statements and a row of a ledger sent by hand as one
//! batch.

use std::time::{Duration, Instant};

use hookwright::api::{OrgOptions, SubmitOptions};
use hookwright::config::Config;
use hookwright::host::Host;
use hookwright_core::event::Change;
use hookwright_core::ident::OrgName;
use hookwright_tests::postgres::TestDatabase;
use hookwright_tests::sqlite::TestFile;
use sqlx::{AssertSqlSafe, Connection, Executor};

use crate::hook::micros;
use crate::rounds::Rounds;
use crate::statement::{self, Statement};
use crate::table::{Goal, Table, Unit};

const ROUNDS: usize = 15;
/// Statements in one turn.
const EACH: usize = 40;

/// A kind of database with what is wanted of each statement there.
struct Kind {
    name: &'static str,
    id: &'static str,
    column: Goal,
    table: Goal,
}

pub async fn run(table: &mut Table) -> anyhow::Result<()> {
    if std::env::var_os("HOOKWRIGHT_TEST_POSTGRES").is_some() {
        let database = TestDatabase::create().await;
        let mut hand = database.connect().await;
        hand.execute("CREATE SCHEMA hand").await?;
        let kind = Kind {
            name: "PostgreSQL",
            id: "ddl.postgres",
            column: Goal::AtMost(1.25),
            table: Goal::AtMost(1.1),
        };
        measure(table, &kind, database.url(), &mut hand, "hand.").await?;
        hand.close().await?;
        database.close().await;
    }
    let (file, by_hand) = (TestFile::create(), TestFile::create());
    let mut hand = by_hand.connect().await;
    hand.execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL").await?;
    let goal = Goal::AtMost(1.3);
    let kind = Kind { name: "SQLite", id: "ddl.sqlite", column: goal, table: goal };
    measure(table, &kind, &file.url(), &mut hand, "").await
}

async fn measure<C>(
    table: &mut Table,
    kind: &Kind,
    url: &str,
    hand: &mut C,
    schema: &str,
) -> anyhow::Result<()>
where
    for<'c> &'c mut C: Executor<'c>,
{
    let directory = tempfile::tempdir()?;
    let host = host(directory.path()).await?;
    let org = OrgName::parse("bench")?;
    host.org_add(&org, url, OrgOptions::default()).await?;
    hand.execute(AssertSqlSafe(statement::ledger(schema))).await?;
    for (what, goal) in [(Statement::AddColumn, kind.column), (Statement::CreateTable, kind.table)] {
        let mut rounds = Rounds::default();
        for round in 0..=ROUNDS {
            let ours = by_events(&host, &org, what, round).await?;
            let floor = by_hand(hand, schema, what, round).await?;
            // The first warms up what either has to make ready.
            if round > 0 {
                rounds.note("ours", micros(ours, EACH));
                rounds.note("hand", micros(floor, EACH));
            }
        }
        let (id, name) =
            (format!("{}.{}", kind.id, what.id()), format!("event → {}, {}", what.sql(), kind.name));
        let compared = rounds.compare("ours", "hand");
        table.row((&id, &name, Unit::Micros), "by hand, one batch with ledger row", compared, Some(goal));
    }
    Ok(())
}

pub async fn host(directory: &std::path::Path) -> anyhow::Result<Host> {
    let mut config = Config::default();
    config.control.database = directory.join("control.db");
    config.quotas.guest_ms_per_minute = u64::from(u32::MAX);
    Ok(Host::start(config).await?)
}

async fn by_events(host: &Host, org: &OrgName, what: Statement, round: usize) -> anyhow::Result<Duration> {
    if let Some(first) = what.first(round) {
        submit(host, org, &first.event()).await?;
    }
    let started = Instant::now();
    for number in 0..EACH {
        submit(host, org, &what.of(round, number).event()).await?;
    }
    Ok(started.elapsed())
}

pub async fn submit(host: &Host, org: &OrgName, event: &str) -> anyhow::Result<()> {
    host.submit(org, Change::parse(event.as_bytes())?, SubmitOptions::default()).await?;
    Ok(())
}

async fn by_hand<C>(hand: &mut C, schema: &str, what: Statement, round: usize) -> anyhow::Result<Duration>
where
    for<'c> &'c mut C: Executor<'c>,
{
    if let Some(first) = what.first(round) {
        sqlx::raw_sql(AssertSqlSafe(first.batch(schema))).execute(&mut *hand).await?;
    }
    let started = Instant::now();
    for number in 0..EACH {
        let batch = what.of(round, number).batch(schema);
        sqlx::raw_sql(AssertSqlSafe(batch)).execute(&mut *hand).await?;
    }
    Ok(started.elapsed())
}
