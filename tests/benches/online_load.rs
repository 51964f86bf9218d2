//! Changes of a large table under a steady load of readers and writers: how long the longest of their statements
//! waits, with the change made in steps, and with the same change sent by hand as one statement.
//!
//! `cargo bench --workspace --bench online_load` (needs HOOKWRIGHT_TEST_POSTGRES; HOOKWRIGHT_BENCH_ROWS sets the
//! rows, 1,000,000 if it does not).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use hookwright::api::{OrgOptions, SubmitOptions};
use hookwright::config::Config;
use hookwright::host::Host;
use hookwright::outcome::Status;
use hookwright_core::event::Change;
use hookwright_core::ident::OrgName;
use hookwright_tests::postgres::{TestDatabase, connect};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tokio::task::JoinHandle;

/// Clients, each with a connection.
const CLIENTS: usize = 4;
/// How long a client thinks after it has read and written a row.
const THOUGHT: Duration = Duration::from_millis(2);

/// A change: its name, the event's field and changes, and the statement by hand.
const CHANGES: [(&str, &str, &str, &str); 5] = [
    (
        "required",
        "number",
        r#"{"nullable":false}"#,
        "ALTER TABLE hand.invoice ALTER COLUMN number SET NOT NULL",
    ),
    ("unique", "code", r#"{"unique":true}"#, "ALTER TABLE hand.invoice ADD CONSTRAINT by_hand UNIQUE (code)"),
    (
        "reference",
        "owner",
        r#"{"references":{"table":"account","column":"id","onDelete":"RESTRICT"}}"#,
        "ALTER TABLE hand.invoice ADD CONSTRAINT owned FOREIGN KEY (owner) REFERENCES hand.account (id)",
    ),
    (
        "Int to BigInt",
        "amount",
        r#"{"type":"BigInt"}"#,
        "ALTER TABLE hand.invoice ALTER COLUMN amount TYPE bigint",
    ),
    (
        "values",
        "status",
        r#"{"type":"Enum","values":["open","paid"]}"#,
        "ALTER TABLE hand.invoice ADD CHECK (status IN ('open', 'paid'))",
    ),
];

fn main() -> anyhow::Result<()> {
    tokio::runtime::Runtime::new()?.block_on(run())
}

async fn run() -> anyhow::Result<()> {
    let rows =
        std::env::var("HOOKWRIGHT_BENCH_ROWS").ok().and_then(|r| r.parse().ok()).unwrap_or(1_000_000_i64);
    let database = TestDatabase::create().await;
    let (host, org, _home) = organisation(&database).await?;
    let mut session = database.connect().await;
    for schema in ["online", "hand"] {
        fill(&mut session, schema, rows).await?;
    }
    println!(
        "{rows} rows, {CLIENTS} clients; longest wait of a client's statement, and the time of the change"
    );
    println!("{:<14} {:>16} {:>12} {:>16} {:>12}", "change", "in steps", "took", "by hand", "took");
    for (number, (name, field, changes, by_hand)) in CHANGES.into_iter().enumerate() {
        let load = Load::begin(&database, "online", rows).await;
        let started = Instant::now();
        submit(&host, &org, number, field, changes).await?;
        let steps = (load.end().await?, started.elapsed());
        let load = Load::begin(&database, "hand", rows).await;
        let started = Instant::now();
        sqlx::raw_sql(by_hand).execute(&mut session).await?;
        let hand = (load.end().await?, started.elapsed());
        println!(
            "{name:<14} {:>13.0} ms {:>10.1} s {:>13.0} ms {:>10.1} s",
            millis(steps.0),
            steps.1.as_secs_f64(),
            millis(hand.0),
            hand.1.as_secs_f64()
        );
    }
    session.close().await?;
    database.close().await;
    Ok(())
}

async fn organisation(database: &TestDatabase) -> anyhow::Result<(Host, OrgName, tempfile::TempDir)> {
    let home = tempfile::tempdir()?;
    let mut config = Config::default();
    config.control.database = home.path().join("control.db");
    let host = Host::start(config).await?;
    let org = OrgName::parse("online")?;
    host.org_add(&org, database.url(), OrgOptions::default()).await?;
    for entity in [
        r#"{"id":"a","type":"entity.create","entity":{"name":"account","fields":[{"name":"id","type":"Int","primaryKey":true,"nullable":false}]}}"#,
        r#"{"id":"i","type":"entity.create","entity":{"name":"invoice","fields":[
            {"name":"id","type":"Int","primaryKey":true,"nullable":false},{"name":"number","type":"Int"},{"name":"code","type":"Int"},
            {"name":"owner","type":"Int"},{"name":"amount","type":"Int"},{"name":"status","type":"String","length":20}]}}"#,
    ] {
        host.submit(&org, Change::parse(entity.as_bytes())?, SubmitOptions::default()).await?;
    }
    Ok((host, org, home))
}

async fn fill(session: &mut PgConnection, schema: &'static str, rows: i64) -> anyhow::Result<()> {
    let tables = match schema {
        "hand" => {
            "CREATE SCHEMA hand; CREATE TABLE hand.account (id integer PRIMARY KEY); CREATE TABLE hand.invoice (id integer PRIMARY KEY, \
             number integer, code integer, owner integer, amount integer, status varchar(20));"
        }
        _ => "",
    };
    let sql = format!(
        "{tables} INSERT INTO {schema}.account SELECT n FROM generate_series(1, 100) n; INSERT INTO {schema}.invoice \
         SELECT n, n, n, 1 + n % 100, n % 1000, CASE WHEN n % 2 = 0 THEN 'open' ELSE 'paid' END FROM generate_series(1, {rows}) n"
    );
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *session).await?;
    sqlx::raw_sql(AssertSqlSafe(format!("VACUUM ANALYZE {schema}.invoice"))).execute(session).await?;
    Ok(())
}

async fn submit(host: &Host, org: &OrgName, number: usize, field: &str, changes: &str) -> anyhow::Result<()> {
    let event = format!(
        r#"{{"id":"e-{number}","type":"field.update","entity":"invoice","field":"{field}","changes":{changes},"confirm":true,"allowDestructive":true}}"#
    );
    let first = host.submit(org, Change::parse(event.as_bytes())?, SubmitOptions::default()).await?;
    let id = first.change.clone().unwrap_or_default();
    let last = host.follow(org, &id, |_| ()).await?;
    anyhow::ensure!(last.status == Status::Applied, "{field} was not changed: {:?}", last.reasons);
    Ok(())
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

/// Clients that read, change and add rows until they are told to end.
struct Load {
    going: Arc<AtomicBool>,
    clients: Vec<JoinHandle<anyhow::Result<Duration>>>,
}

impl Load {
    async fn begin(database: &TestDatabase, schema: &'static str, rows: i64) -> Self {
        let going = Arc::new(AtomicBool::new(true));
        let mut clients = Vec::new();
        for number in 0..CLIENTS {
            let connection = connect(database.url()).await;
            let client = Client {
                connection,
                schema,
                rows,
                seed: 17 + number as i64 * 7_919,
                longest: Duration::ZERO,
            };
            clients.push(tokio::spawn(client.run(going.clone())));
        }
        Self { going, clients }
    }

    /// The longest wait of any statement.
    async fn end(self) -> anyhow::Result<Duration> {
        self.going.store(false, Ordering::Relaxed);
        let mut longest = Duration::ZERO;
        for client in self.clients {
            longest = longest.max(client.await??);
        }
        Ok(longest)
    }
}

struct Client {
    connection: PgConnection,
    schema: &'static str,
    rows: i64,
    seed: i64,
    longest: Duration,
}

impl Client {
    async fn run(mut self, going: Arc<AtomicBool>) -> anyhow::Result<Duration> {
        let schema = self.schema;
        while going.load(Ordering::Relaxed) {
            tokio::time::sleep(THOUGHT).await;
            self.seed = (self.seed * 48_271) % 2_147_483_647;
            let id = 1 + self.seed % self.rows;
            self.send(format!("SELECT * FROM {schema}.invoice WHERE id = {id}")).await?;
            self.send(format!("UPDATE {schema}.invoice SET amount = (amount + 1) % 1000 WHERE id = {id}"))
                .await?;
            if self.seed % 10 == 0 {
                let new = self.rows + 1 + self.seed;
                let values = format!("({new}, {new}, {new}, 1, 2, 'open') ON CONFLICT DO NOTHING");
                if new <= 2_147_483_647 {
                    self.send(format!("INSERT INTO {schema}.invoice (id, number, code, owner, amount, status) VALUES {values}")).await?;
                }
            }
        }
        self.connection.close().await?;
        Ok(self.longest)
    }

    async fn send(&mut self, sql: String) -> anyhow::Result<()> {
        let started = Instant::now();
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut self.connection).await?;
        self.longest = self.longest.max(started.elapsed());
        Ok(())
    }
}
