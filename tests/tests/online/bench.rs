//! An organisation with a filled entity `invoice`, which counts as large; and a trap that stops a step in its transaction.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use hookwright::api::SubmitOptions;
use hookwright::config::Config;
use hookwright::outcome::{Outcome, Status};
use hookwright_tests::locks::terminate;
use hookwright_tests::org::change;
use hookwright_tests::postgres::connect;
use hookwright_tests::scenario::Dialect;
use hookwright_tests::world::{TestHost, World};
use serde_json::{Value as Json, json};
use sqlx::PgConnection;
use tokio::sync::OnceCell;
use tokio::task::JoinHandle;

pub const POLICY: &str = "mode = \"dev\"\n[thresholds]\nlarge-table-rows = 50\n";
/// Rows of the table.
pub const ROWS: i64 = 3_000;

/// How much of any step is there: what stands aside, checks and triggers of ours, what is not valid.
pub const TIDY: &str = "SELECT (SELECT count(*) FROM pg_class WHERE relname LIKE 'hookwright\\_new%') + \
    (SELECT count(*) FROM pg_attribute JOIN pg_class c ON c.oid = attrelid WHERE attname LIKE 'hookwright\\_new%' \
        AND relkind = 'r' AND NOT attisdropped) + \
    (SELECT count(*) FROM pg_constraint WHERE conname LIKE 'hookwright%' AND conname NOT LIKE 'hookwright\\_dropped%') + \
    (SELECT count(*) FROM pg_trigger WHERE tgname LIKE '%hookwright%') + \
    (SELECT count(*) FROM pg_constraint WHERE NOT convalidated) + \
    (SELECT count(*) FROM pg_index WHERE NOT indisvalid)";

/// An organisation of the one host that most of these tests have.
pub struct Bench {
    pub world: Arc<World>,
}

/// The entities of every test: `account`, and `invoice` that refers to it.
pub fn entities() -> [Json; 2] {
    [
        json!({"id": "a", "type": "entity.create", "entity": {"name": "account", "fields": [
            {"name": "id", "type": "Int", "nullable": false, "primaryKey": true}]}}),
        json!({"id": "i", "type": "entity.create", "entity": {"name": "invoice", "fields": [
            {"name": "id", "type": "Int", "nullable": false, "primaryKey": true},
            {"name": "number", "type": "Int"},
            {"name": "status", "type": "String", "length": 20, "default": "draft"},
            {"name": "owner", "type": "Int"},
            {"name": "note", "type": "Text", "unique": true}]}}),
    ]
}

/// Rows in both tables: every number is another, every note is a number in words of digits.
pub fn filling() -> String {
    format!(
        "INSERT INTO account SELECT n FROM generate_series(1, 10) n; \
         INSERT INTO invoice (id, number, status, owner, note) \
         SELECT n, n, CASE WHEN n % 2 = 0 THEN 'open' ELSE 'paid' END, 1 + n % 10, n::text FROM generate_series(1, {ROWS}) n"
    )
}

impl Bench {
    pub async fn new() -> Self {
        static HOME: OnceCell<Arc<TestHost>> = OnceCell::const_new();
        Self::of(HOME.get_or_init(|| TestHost::with_policy(Some(POLICY))).await).await
    }

    /// An organisation of a host of its own.
    pub async fn with(config: Config) -> Self {
        Self::of(&TestHost::with(Some(POLICY), config).await).await
    }

    async fn of(home: &Arc<TestHost>) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let plugins = ["schema-sync".to_owned(), "index-advisor".to_owned()];
        let name = format!("acme-{}", COUNT.fetch_add(1, Ordering::Relaxed));
        let world = World::add(home, &name, Dialect::Postgres, &plugins).await;
        let bench = Self { world: Arc::new(world) };
        for entity in entities() {
            assert_eq!(bench.send(&entity).await.status, Status::Applied);
        }
        bench.world.sql(&filling()).await.unwrap();
        bench
    }

    /// The address of the database.
    pub fn url(&self) -> String {
        self.world.url()
    }

    /// Sends an event with all consent; gives its first outcome.
    pub async fn send(&self, event: &Json) -> Outcome {
        let options =
            SubmitOptions { confirm: true, allow_destructive: true, actor: None, ..SubmitOptions::default() };
        self.world.host().submit(self.world.org(), change(event), options).await.unwrap()
    }

    /// Sends an event with all consent, on a task of its own.
    pub fn send_aside(&self, event: &Json) -> JoinHandle<Outcome> {
        let (bench, event) = (Self { world: self.world.clone() }, event.clone());
        tokio::spawn(async move { bench.send(&event).await })
    }

    /// Sends an event that is made in steps, and follows it to its end.
    pub async fn staged(&self, event: &Json) -> Outcome {
        let first = self.send(event).await;
        assert_eq!(first.status, Status::Staged, "{first:#?}");
        self.follow(&first).await
    }

    pub async fn follow(&self, outcome: &Outcome) -> Outcome {
        let id = outcome.change.as_deref().unwrap();
        self.world.host().follow(self.world.org(), id, |_| ()).await.unwrap()
    }

    pub async fn number(&self, sql: &str) -> i64 {
        self.world.rows(sql).await.unwrap()[0].parse().unwrap()
    }

    /// Nothing is left of any step, and the database is what the model says.
    pub async fn is_tidy(&self) {
        self.world.in_step().await.unwrap();
        assert_eq!(self.number("SELECT count(*) FROM hookwright.journal").await, 0);
        assert_eq!(self.number(TIDY).await, 0, "something of a step is left");
    }
}

/// A transaction in which a host can be stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Boundary {
    /// That notes something of the step of this number.
    Done(i32),
    /// That takes the step of this number back.
    Undone(i32),
    /// The change's own.
    Commit,
}

/// Stops whoever comes to a boundary, within the transaction, until it is opened.
pub struct Trap {
    connection: PgConnection,
    pid: i32,
    url: String,
}

/// Any number will do, as long as nobody else uses it.
const LOCK: i64 = 770_077;

impl Trap {
    pub async fn set(url: &str, at: Boundary) -> Self {
        let mut connection = connect(url).await;
        let on = match at {
            Boundary::Done(step) => {
                format!("UPDATE ON hookwright.step FOR EACH ROW WHEN (NEW.number = {step})")
            }
            Boundary::Undone(step) => {
                format!(
                    "UPDATE ON hookwright.step FOR EACH ROW WHEN (NEW.number = {step} AND NEW.state = 'undone')"
                )
            }
            Boundary::Commit => {
                "UPDATE ON hookwright.org FOR EACH ROW WHEN (NEW.revision > OLD.revision)".to_owned()
            }
        };
        let trap = format!(
            "CREATE OR REPLACE FUNCTION public.trap() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
                 PERFORM pg_catalog.pg_advisory_xact_lock({LOCK}); RETURN NEW; END $$; \
             CREATE TRIGGER trap BEFORE {on} EXECUTE FUNCTION public.trap(); \
             SELECT pg_advisory_lock({LOCK})"
        );
        sqlx::raw_sql(sqlx::AssertSqlSafe(trap)).execute(&mut connection).await.unwrap();
        let pid = sqlx::query_scalar("SELECT pg_backend_pid()").fetch_one(&mut connection).await.unwrap();
        Self { connection, pid, url: url.to_owned() }
    }

    /// Waits until a session is in it; gives its backend.
    pub async fn caught(&self) -> i32 {
        let mut observer = connect(&self.url).await;
        let query = "SELECT pid FROM pg_stat_activity WHERE $1 = ANY (pg_blocking_pids(pid)) LIMIT 1";
        let look = async {
            loop {
                let found = sqlx::query_scalar(query).bind(self.pid).fetch_optional(&mut observer).await;
                if let Some(pid) = found.unwrap() {
                    return pid;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), look).await.expect("nobody came to the step")
    }

    /// Ends the session that is in it.
    pub async fn end(&self, pid: i32) {
        terminate(&self.url, pid).await;
    }

    /// Lets everybody pass from now on.
    pub async fn open(mut self) {
        let open = format!("SELECT pg_advisory_unlock({LOCK}); DROP FUNCTION public.trap() CASCADE");
        sqlx::raw_sql(sqlx::AssertSqlSafe(open)).execute(&mut self.connection).await.unwrap();
    }
}
