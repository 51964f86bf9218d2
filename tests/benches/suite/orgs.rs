//! Many organisations at once on one PostgreSQL: events that add a column, beside as many clients that send the same batches
//! by hand.

use std::sync::Arc;
use std::time::{Duration, Instant};

use hookwright::api::OrgOptions;
use hookwright::host::Host;
use hookwright_core::ident::OrgName;
use hookwright_tests::postgres::TestDatabase;
use sqlx::{AssertSqlSafe, PgConnection};
use tokio::task::JoinSet;

use crate::ddl::{host, submit};
use crate::rounds::Rounds;
use crate::statement::{self, Statement};
use crate::table::{Goal, Table, Unit};

const ROUNDS: usize = 5;
/// How long each has its turn.
const TURN: Duration = Duration::from_secs(2);
const ORGS: [usize; 7] = [1, 2, 4, 8, 16, 32, 64];
/// Columns of a table before the next one is begun.
const COLUMNS: usize = 50;

/// The organisations and those who do the same by hand.
struct Bench {
    host: Host,
    ours: TestDatabase,
    by_hand: TestDatabase,
    /// Tables that were made so far: each turn begins new ones.
    turns: usize,
}

pub async fn run(table: &mut Table) -> anyhow::Result<()> {
    if std::env::var_os("HOOKWRIGHT_TEST_POSTGRES").is_none() {
        return Ok(());
    }
    let directory = tempfile::tempdir()?;
    let (ours, by_hand) = (TestDatabase::create().await, TestDatabase::create().await);
    let mut bench = Bench { host: host(directory.path()).await?, ours, by_hand, turns: 0 };
    bench.prepare().await?;
    for orgs in ORGS {
        let mut rounds = Rounds::default();
        for round in 0..=ROUNDS {
            let (events, batches) = (bench.events(orgs).await?, bench.batches(orgs).await?);
            // In the first, connections are made.
            if round > 0 {
                rounds.note("events", events);
                rounds.note("batches", batches);
            }
        }
        let (id, what) = (format!("orgs.{orgs}"), format!("events → ADD COLUMN, {orgs} organisations"));
        let compared = rounds.compare("events", "batches");
        table.row(
            (&id, &what, Unit::PerSecond),
            "by hand, as many clients",
            compared,
            Some(Goal::AtLeast(0.6)),
        );
    }
    bench.ours.close().await;
    bench.by_hand.close().await;
    Ok(())
}

impl Bench {
    async fn prepare(&self) -> anyhow::Result<()> {
        let most = ORGS[ORGS.len() - 1];
        let mut hand = self.by_hand.connect().await;
        for number in 0..most {
            self.host.org_add(&org(number)?, self.ours.url(), OrgOptions::default()).await?;
            let ledger = statement::ledger(&format!("org{number}."));
            execute(&mut hand, format!("CREATE SCHEMA org{number}; {ledger}")).await?;
        }
        Ok(())
    }

    /// Events a second of so many organisations, each with a client that waits for its answer.
    async fn events(&mut self, orgs: usize) -> anyhow::Result<f64> {
        self.turns += 1;
        let (turn, mut clients, started) = (self.turns, JoinSet::new(), Instant::now());
        for number in 0..orgs {
            let (host, org) = (self.host.clone(), org(number)?);
            clients.spawn(async move {
                let mut done = 0;
                while started.elapsed() < TURN {
                    let event = next(turn, done).event();
                    submit(&host, &org, &event).await?;
                    done += 1;
                }
                anyhow::Ok(done)
            });
        }
        per_second(clients, started).await
    }

    /// The same by hand.
    async fn batches(&mut self, clients: usize) -> anyhow::Result<f64> {
        let mut connections = Vec::new();
        for _ in 0..clients {
            connections.push(self.by_hand.connect().await);
        }
        let (turn, mut clients, started) = (self.turns, JoinSet::new(), Instant::now());
        for (number, mut connection) in connections.into_iter().enumerate() {
            let schema: Arc<str> = format!("org{number}.").into();
            clients.spawn(async move {
                let mut done = 0;
                while started.elapsed() < TURN {
                    execute(&mut connection, next(turn, done).batch(&schema)).await?;
                    done += 1;
                }
                anyhow::Ok(done)
            });
        }
        per_second(clients, started).await
    }
}

/// The statements of a client in a turn: a table now and then, and columns for it.
fn next(turn: usize, done: usize) -> statement::One {
    let table = turn * 100_000 + done / COLUMNS;
    match done % COLUMNS {
        0 => Statement::AddColumn.first(table),
        number => Some(Statement::AddColumn.of(table, number)),
    }
    .unwrap_or_else(|| Statement::AddColumn.of(table, 0))
}

fn org(number: usize) -> anyhow::Result<OrgName> {
    Ok(OrgName::parse(&format!("org{number}"))?)
}

async fn per_second(clients: JoinSet<anyhow::Result<usize>>, started: Instant) -> anyhow::Result<f64> {
    let done: anyhow::Result<Vec<_>> = clients.join_all().await.into_iter().collect();
    Ok(done?.iter().sum::<usize>() as f64 / started.elapsed().as_secs_f64())
}

async fn execute(connection: &mut PgConnection, sql: String) -> anyhow::Result<()> {
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection).await?;
    Ok(())
}
