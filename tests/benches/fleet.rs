//! One field added to 1,000 organisations, schemas of one PostgreSQL: by one `hookwright event send --all`, and by one
//! psql process an organisation. Then the same with three organisations that cannot, and once more when they can.
//!
//! `cargo bench --workspace --bench fleet` (needs HOOKWRIGHT_TEST_POSTGRES, psql, and HOOKWRIGHT_BIN for a release build;
//! HOOKWRIGHT_BENCH_ORGS sets the number). Of psql, the program itself should be first in PATH: Debian puts a Perl script
//! before it that takes longer than psql does.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use hookwright::api::OrgOptions;
use hookwright::config::Config;
use hookwright::host::Host;
use hookwright_core::ident::OrgName;
use hookwright_tests::postgres::TestDatabase;
use hookwright_tests::process::hookwright;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tempfile::TempDir;

const ENTITY: &str = r#"{"id":"e","type":"entity.create","entity":{"name":"invoice","fields":[
    {"name":"id","type":"Int","primaryKey":true,"nullable":false},{"name":"number","type":"String"}]}}"#;

/// How often each takes its turn.
const ROUNDS: usize = 3;
/// psql processes at the same time.
const SIDE_BY_SIDE: [usize; 2] = [1, 8];

fn main() -> anyhow::Result<()> {
    let count = std::env::var("HOOKWRIGHT_BENCH_ORGS").ok().and_then(|c| c.parse().ok()).unwrap_or(1_000);
    tokio::runtime::Runtime::new()?.block_on(run(count))
}

async fn run(count: usize) -> anyhow::Result<()> {
    let (database, by_hand) = (TestDatabase::create().await, TestDatabase::create().await);
    // A role of its own, so that there can be tables that it does not own.
    let role = format!("hookwright_bench_{}", std::process::id());
    let mut session = database.connect().await;
    execute(
        &mut session,
        format!("CREATE ROLE {role} LOGIN; GRANT CREATE ON DATABASE {} TO {role}", database.name()),
    )
    .await?;
    let measured = measure(count, &database, &by_hand, &role, &mut session).await;
    session.close().await?;
    let mut server = by_hand.connect().await;
    database.close().await;
    execute(&mut server, format!("DROP ROLE {role}")).await?;
    server.close().await?;
    by_hand.close().await;
    measured
}

async fn measure(
    count: usize,
    database: &TestDatabase,
    by_hand: &TestDatabase,
    role: &str,
    session: &mut PgConnection,
) -> anyhow::Result<()> {
    let fleet = Fleet { home: tempfile::tempdir()? };
    println!("{count} organisations");
    let url = as_role(database.url(), role);
    let started = Instant::now();
    register(&fleet.home, count, &url).await?;
    row("registered, their schemas made", started.elapsed(), None);
    fleet.send("an entity for each", ENTITY, 0)?;
    let mut hand = by_hand.connect().await;
    for org in 0..count {
        let name = name(org);
        execute(&mut hand, format!("CREATE SCHEMA {name}; CREATE TABLE {name}.invoice (id integer PRIMARY KEY, number varchar(100))")).await?;
    }
    rounds(&fleet, count, by_hand.url())?;
    let (locked, renamed, foreign) = (name(count / 4), name(count / 2), name(count * 3 / 4));
    let mut holder = database.connect().await;
    execute(&mut holder, format!("BEGIN; LOCK TABLE {locked}.invoice")).await?;
    execute(session, format!("ALTER TABLE {renamed}.invoice RENAME TO lost; ALTER TABLE {foreign}.invoice OWNER TO CURRENT_USER")).await?;
    fleet.send("another field, three that cannot", &field("two"), 1)?;
    holder.close().await?;
    execute(
        session,
        format!(
            "ALTER TABLE {renamed}.lost RENAME TO invoice; ALTER TABLE {foreign}.invoice OWNER TO {role}"
        ),
    )
    .await?;
    fleet.send("the same file again, once they can", &field("two"), 0)?;
    Ok(())
}

/// The same by both, in turn.
fn rounds(fleet: &Fleet, count: usize, by_hand: &str) -> anyhow::Result<()> {
    let (mut ours, mut psqls) = (Vec::new(), SIDE_BY_SIDE.map(|_| Vec::new()));
    for round in 0..ROUNDS {
        ours.push(fleet.send("a field for each", &field(&format!("one_{round}")), 0)?);
        for (times, side_by_side) in psqls.iter_mut().zip(SIDE_BY_SIDE) {
            let column = format!("one_{round}_{side_by_side}");
            let took = psql(count, by_hand, &column, side_by_side)?;
            row(&format!("ALTER TABLE by psql, {side_by_side} at a time"), took, None);
            times.push(took);
        }
    }
    let ours = median(&mut ours);
    row("median: a field for each", ours, None);
    for (times, side_by_side) in psqls.iter_mut().zip(SIDE_BY_SIDE) {
        row(&format!("median: psql, {side_by_side} at a time"), median(times), Some(ours));
    }
    fleet.send("the same file again: all replayed", &field("one_0"), 0)?;
    Ok(())
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

/// The commands of one home.
struct Fleet {
    home: TempDir,
}

impl Fleet {
    /// Sends events to all organisations, and shows the summary.
    fn send(&self, what: &str, events: &str, status: i32) -> anyhow::Result<Duration> {
        std::fs::write(self.home.path().join("events.json"), events)?;
        let mut command = hookwright(self.home.path(), ["event", "send", "--all", "events.json"]);
        // The lock of the one that is locked stays; 30 attempts would measure nothing but waiting.
        command.env("HOOKWRIGHT_RETRY__LOCK_ATTEMPTS", "3");
        let started = Instant::now();
        let output = command.stderr(Stdio::inherit()).output()?;
        let took = started.elapsed();
        anyhow::ensure!(output.status.code() == Some(status), "{what}: it ended with {}", output.status);
        row(what, took, None);
        println!("    {}", String::from_utf8(output.stdout)?.trim_end().replace('\n', "\n    "));
        Ok(took)
    }
}

async fn register(home: &TempDir, count: usize, url: &str) -> anyhow::Result<()> {
    let mut config = Config::default();
    config.control.database = home.path().join(".hookwright/control.db");
    let host = Host::start(config).await?;
    for org in 0..count {
        host.org_add(&OrgName::parse(&name(org))?, url, OrgOptions::default()).await?;
    }
    Ok(())
}

/// One process an organisation, some at a time.
fn psql(count: usize, url: &str, column: &str, side_by_side: usize) -> anyhow::Result<Duration> {
    let started = Instant::now();
    let mut running = std::collections::VecDeque::new();
    for org in 0..count {
        if running.len() == side_by_side {
            ended(running.pop_front())?;
        }
        let sql = format!("ALTER TABLE {}.invoice ADD COLUMN {column} varchar(100)", name(org));
        let mut psql = Command::new("psql");
        running.push_back(psql.args(["-qXc", &sql, url]).stdin(Stdio::null()).spawn()?);
    }
    while !running.is_empty() {
        ended(running.pop_front())?;
    }
    Ok(started.elapsed())
}

fn ended(child: Option<std::process::Child>) -> anyhow::Result<()> {
    let Some(mut child) = child else { return Ok(()) };
    let status = child.wait()?;
    anyhow::ensure!(status.success(), "psql ended with {status}");
    Ok(())
}

fn name(org: usize) -> String {
    format!("org{org:04}")
}

fn field(name: &str) -> String {
    format!(
        r#"{{"id":"f-{name}","type":"field.create","entity":"invoice","field":{{"name":"{name}","type":"String"}}}}"#
    )
}

/// The address of the same database for another role, who is trusted.
fn as_role(url: &str, role: &str) -> String {
    let place = url.rsplit_once('@').map_or(url, |(_, place)| place);
    format!("postgres://{role}@{place}")
}

async fn execute(session: &mut PgConnection, sql: String) -> sqlx::Result<()> {
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(session).await.map(drop)
}

fn row(what: &str, took: Duration, ours: Option<Duration>) {
    let ratio = ours.map(|ours| format!("{:.1} × ours", took.as_secs_f64() / ours.as_secs_f64()));
    println!("{what:<40} {:>8.2} s  {}", took.as_secs_f64(), ratio.unwrap_or_default());
}
