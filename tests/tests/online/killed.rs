//! A host as a process is killed at each step boundary: another goes on where it stopped.

use hookwright_tests::org::name;
use hookwright_tests::postgres::{TestDatabase, connect};
use hookwright_tests::process::{Process, hookwright};
use hookwright_tests::world::runtime;
use serde_json::{Value as Json, json};
use sqlx::PgConnection;
use tempfile::TempDir;

use crate::bench::{POLICY, Trap, entities, filling};

struct Site {
    directory: TempDir,
    database: TestDatabase,
}

impl Site {
    async fn new() -> Self {
        let directory = TempDir::new().unwrap();
        let site = Self { directory, database: TestDatabase::create().await };
        let path = site.directory.path();
        std::fs::write(
            path.join("hookwright.toml"),
            "policy = \"policy.toml\"\n[control]\ndatabase = \"control.db\"\n",
        )
        .unwrap();
        std::fs::write(path.join("policy.toml"), POLICY).unwrap();
        let org = name("acme");
        assert!(
            site.run(&["org", "add", org.as_str(), "--database", site.database.url()])
                .wait()
                .status
                .success()
        );
        for entity in entities() {
            assert!(site.send(&entity).wait().status.success());
        }
        let within = format!("SET search_path = acme; {}", filling());
        sqlx::raw_sql(sqlx::AssertSqlSafe(within)).execute(&mut site.connect().await).await.unwrap();
        site
    }

    fn run(&self, arguments: &[&str]) -> Process {
        Process::spawn(&mut hookwright(self.directory.path(), arguments))
    }

    fn send(&self, event: &Json) -> Process {
        std::fs::write(self.directory.path().join("event.json"), event.to_string()).unwrap();
        self.run(&["event", "send", "--json", "--org", "acme", "--allow-destructive", "event.json"])
    }

    async fn connect(&self) -> PgConnection {
        connect(self.database.url()).await
    }

    async fn number(&self, sql: &'static str) -> i64 {
        sqlx::query_scalar(sql).fetch_one(&mut self.connect().await).await.unwrap()
    }

    /// Kills a host within the transaction of a step, which is then committed or not; another one resumes.
    async fn killed_at(&self, event: &Json, step: i32, committed: bool) {
        let trap = Trap::set(self.database.url(), step).await;
        let process = self.send(event);
        let backend = trap.caught().await;
        process.kill();
        if !committed {
            trap.end(backend).await;
        }
        trap.open().await;
        // As if the time of its lease were over.
        let over = "UPDATE hookwright.journal SET lease_until = now() - interval '1 second'";
        sqlx::raw_sql(over).execute(&mut self.connect().await).await.unwrap();
        let resumed = self.run(&["resume", "--json", "--org", "acme"]).wait();
        assert!(resumed.status.success(), "killed at step {step}: {resumed:?}");
        let again = self.send(event).wait();
        let outcome: Json = serde_json::from_str(&again.stdout[0]).unwrap();
        assert_eq!(outcome["status"], "replayed", "killed at step {step}");
        assert_eq!(self.number("SELECT count(*) FROM hookwright.journal").await, 0);
        let invalid = "SELECT count(*) FROM pg_index WHERE NOT indisvalid";
        assert_eq!(self.number(invalid).await, 0);
    }
}

#[test]
fn each_step_of_another_type() {
    runtime().block_on(async {
        for step in 0..3 {
            let site = Site::new().await;
            let event = json!({"id": "x", "type": "field.update", "entity": "invoice", "field": "note", "changes": {"type": "Int"}});
            site.killed_at(&event, step, step % 2 == 0).await;
            assert_eq!(site.number("SELECT count(*) FROM acme.invoice WHERE note = id").await, crate::bench::ROWS);
        }
    });
}

#[test]
fn each_step_of_a_required_and_unique_field() {
    runtime().block_on(async {
        for step in 0..3 {
            let site = Site::new().await;
            let event = json!({"id": "x", "type": "field.update", "entity": "invoice", "field": "number", "changes": {"nullable": false, "unique": true}});
            site.killed_at(&event, step, step % 2 == 1).await;
        }
    });
}
