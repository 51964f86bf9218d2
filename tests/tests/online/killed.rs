//! A host as a process is killed at each boundary of each pattern: another goes on where it stopped.

use hookwright::outcome::Outcome;
use hookwright_tests::org::name;
use hookwright_tests::postgres::{TestDatabase, connect};
use hookwright_tests::process::{Ended, Process, hookwright};
use hookwright_tests::world::runtime;
use serde_json::{Value as Json, json};
use sqlx::PgConnection;
use tempfile::TempDir;

use crate::bench::{Boundary, POLICY, ROWS, TIDY, Trap, entities, filling};
use crate::broken::boundaries;
use crate::change::{Pattern, of_each_pattern};
use crate::failing::TOO_LATE;

of_each_pattern!(killed_everywhere);

/// An organisation that is ready for a change, any number of times.
struct Site {
    directory: TempDir,
    database: TestDatabase,
    ready: TestDatabase,
}

impl Site {
    async fn new(first: Option<Json>) -> Self {
        let directory = TempDir::new().unwrap();
        let database = TestDatabase::create().await;
        let ready = TestDatabase::create().await;
        let site = Self { directory, database, ready };
        let path = site.directory.path();
        std::fs::write(
            path.join("hookwright.toml"),
            "policy = \"policy.toml\"\n[control]\ndatabase = \"control.db\"\n",
        )
        .unwrap();
        std::fs::write(path.join("policy.toml"), POLICY).unwrap();
        let org = name("acme");
        site.done(&["org", "add", org.as_str(), "--database", site.database.url()]);
        let advisor = hookwright_tests::plugin_path("index-advisor");
        site.done(&["plugin", "install", "--org", "acme", advisor.to_str().unwrap()]);
        assert!(site.send(&json!(entities()), &["--batch"]).wait().status.success());
        site.sql(&format!("SET search_path = acme; {}", filling())).await;
        if let Some(first) = first {
            assert!(site.send(&first, &[]).wait().status.success());
        }
        site.ready.reset_to(&site.database).await;
        site
    }

    async fn ready(&self) {
        self.database.reset_to(&self.ready).await;
    }

    fn run(&self, arguments: &[&str]) -> Process {
        Process::spawn(&mut hookwright(self.directory.path(), arguments))
    }

    fn done(&self, arguments: &[&str]) {
        let ended = self.run(arguments).wait();
        assert!(ended.status.success(), "{ended:?}");
    }

    fn send(&self, event: &Json, options: &[&str]) -> Process {
        std::fs::write(self.directory.path().join("event.json"), event.to_string()).unwrap();
        let command = ["event", "send", "--json", "--org", "acme", "--allow-destructive", "event.json"];
        self.run(&[&command[..], options].concat())
    }

    async fn connect(&self) -> PgConnection {
        connect(self.database.url()).await
    }

    async fn sql(&self, sql: &str) {
        sqlx::raw_sql(sqlx::AssertSqlSafe(sql.to_owned())).execute(&mut self.connect().await).await.unwrap();
    }

    async fn number(&self, sql: &'static str) -> i64 {
        sqlx::query_scalar(sql).fetch_one(&mut self.connect().await).await.unwrap()
    }

    /// Kills a host at a boundary, whose transaction is then committed or not; another one resumes.
    async fn killed_at(&self, event: &Json, boundary: Boundary, committed: bool) -> Ended {
        let trap = Trap::set(self.database.url(), boundary).await;
        let process = self.send(event, &[]);
        let backend = trap.caught().await;
        process.kill();
        if !committed {
            trap.end(backend).await;
        }
        trap.open().await;
        // As if the time of its lease were over.
        self.sql("UPDATE hookwright.journal SET lease_until = now() - interval '1 second'").await;
        self.run(&["resume", "--json", "--org", "acme"]).wait()
    }

    async fn is_tidy(&self) {
        assert_eq!(self.number("SELECT count(*) FROM hookwright.journal").await, 0);
        assert_eq!(self.number(TIDY).await, 0, "something of a step is left");
        assert_eq!(self.number("SELECT count(*) FROM acme.invoice").await, ROWS);
    }
}

/// Of every second boundary the transaction is committed though the host does not learn it.
async fn killed_everywhere(pattern: Pattern) {
    let site = Site::new(pattern.before()).await;
    let plan = site.send(&pattern.event(), &["--dry-run"]).wait();
    let plan: Outcome = serde_json::from_str(&plan.stdout[0]).unwrap();
    for (index, boundary) in boundaries(&plan).into_iter().enumerate() {
        site.ready().await;
        let resumed = site.killed_at(&pattern.event(), boundary, index % 2 == 0).await;
        assert!(resumed.status.success(), "killed at {boundary:?}: {resumed:?}");
        assert_eq!(site.number("SELECT count(*) FROM hookwright.event WHERE event_id = 'x'").await, 1);
        site.is_tidy().await;
    }
}

/// A change that fails at its last step, and whose host is killed while the steps are taken back.
#[test]
fn while_it_is_taken_back() {
    runtime().block_on(async {
        let site = Site::new(None).await;
        for step in [2, 1, 0] {
            site.ready().await;
            site.sql(TOO_LATE).await;
            let event = Pattern::RequiredAndUnique.event();
            let resumed = site.killed_at(&event, Boundary::Undone(step), step == 1).await;
            assert_eq!(resumed.status.code(), Some(3), "killed at {step}: {resumed:?}");
            let outcome: Outcome = serde_json::from_str(&resumed.stdout[0]).unwrap();
            assert_eq!(outcome.status, hookwright::outcome::Status::RolledBack);
            assert_eq!(outcome.reasons[0].code, "db/constraint", "{:?}", outcome.reasons);
            site.is_tidy().await;
        }
    });
}

/// It looks for steps when it begins, and finds them in the hands of the one that died.
#[test]
fn by_a_host_that_begins_before_the_lease_is_over() {
    runtime().block_on(async {
        let site = Site::new(None).await;
        let event = Pattern::RequiredAndUnique.event();
        let plan = site.send(&event, &["--dry-run"]).wait();
        let plan: Outcome = serde_json::from_str(&plan.stdout[0]).unwrap();
        let trap = Trap::set(site.database.url(), boundaries(&plan)[0]).await;
        let process = site.send(&event, &[]);
        let backend = trap.caught().await;
        process.kill();
        trap.end(backend).await;
        trap.open().await;
        site.sql("UPDATE hookwright.journal SET lease_until = now() + interval '3 seconds'").await;
        let mut serve = hookwright(site.directory.path(), ["serve"]);
        let serve = Process::spawn(serve.env("HOOKWRIGHT_HTTP__LISTEN", "127.0.0.1:0"));
        while site.number("SELECT count(*) FROM hookwright.journal").await > 0 {}
        serve.kill();
        assert_eq!(site.number("SELECT count(*) FROM hookwright.event WHERE event_id = 'x'").await, 1);
        site.is_tidy().await;
    });
}
