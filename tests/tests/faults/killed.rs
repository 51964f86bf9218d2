//! A host as a process that is ended as by `kill -9`, and what its organisation is afterwards.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, SystemTime};

use hookwright::api::OrgOptions;
use hookwright::host::Host;
use hookwright_core::ident::OrgName;
use hookwright_tests::locks::wait_until_gone;
use hookwright_tests::org::{Seen, Witness, config, name, start, submit};
use hookwright_tests::postgres::connect;
use hookwright_tests::process::{Process, hookwright};
use serde_json::{Value as Json, json};
use tempfile::TempDir;

use crate::rig::{PATIENCE, add_field, invoice};

/// How often a host is killed somewhere.
const KILLS: usize = 6;
/// How many changes it is on meanwhile.
const CHANGES: usize = 30;

/// An organisation, with a host here and hosts as processes over one control database.
pub struct Site {
    pub host: Host,
    pub org: OrgName,
    pub witness: Witness,
    url: String,
    directory: TempDir,
}

impl Site {
    pub async fn new(url: &str) -> Self {
        let directory = TempDir::new().unwrap();
        let settings = "[control]\ndatabase = \"control.db\"\n[database]\nlock_timeout_ms = 20000\n";
        std::fs::write(directory.path().join("hookwright.toml"), settings).unwrap();
        let (host, org) = (start(config(directory.path())).await, name("acme"));
        host.org_add(&org, url, OrgOptions::default()).await.unwrap();
        submit(&host, &org, &invoice()).await.unwrap();
        let witness = Witness::new(&org, url);
        Self { host, org, witness, url: url.to_owned(), directory }
    }

    /// A process that sends changes, one a line.
    pub fn send(&self, changes: &[Json]) -> Process {
        let lines: Vec<_> = changes.iter().map(Json::to_string).collect();
        std::fs::write(self.path().join("events.jsonl"), lines.join("\n")).unwrap();
        self.run(&["event", "send", "--json", "--org", "acme", "--allow-destructive", "events.jsonl"])
    }

    /// A process of a host.
    pub fn run(&self, arguments: &[&str]) -> Process {
        let mut command: Command = hookwright(self.path(), arguments);
        Process::spawn(&mut command)
    }

    /// Has a process send changes to their end. Gives their outcomes' statuses.
    pub fn send_all(&self, changes: &[Json]) -> Vec<String> {
        let ended = self.send(changes).wait();
        assert!(ended.status.success(), "{ended:?}");
        let status = |line: &String| {
            let outcome: Json = serde_json::from_str(line).unwrap();
            outcome["status"].as_str().unwrap().to_owned()
        };
        ended.stdout.iter().map(status).collect()
    }

    pub async fn in_step(&self) -> Seen {
        let seen = self.witness.look().await;
        assert_eq!(self.host.derive(&self.org).await.unwrap(), *seen.snapshot.schema);
        seen
    }

    /// The sessions of hosts on PostgreSQL.
    async fn sessions(&self) -> BTreeSet<i32> {
        if self.url.starts_with("sqlite") {
            return BTreeSet::new();
        }
        let query = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'hookwright'";
        let pids: Vec<i32> =
            sqlx::query_scalar(query).fetch_all(&mut connect(&self.url).await).await.unwrap();
        pids.into_iter().collect()
    }

    fn path(&self) -> &Path {
        self.directory.path()
    }

    /// Kills hosts anywhere on their way through a file of changes; then the rest is made, and nothing twice.
    pub async fn kill_anywhere(&self) {
        let changes = changes();
        for kill in 0..KILLS {
            let mine = self.sessions().await;
            let process = self.send(&changes);
            // the answer to a change that no host came to before, or only this one did
            let reached = kill * CHANGES / KILLS;
            process.wait_for_line(&format!("\"k-{reached}\""), PATIENCE);
            std::thread::sleep(somewhere());
            let ended = process.kill();
            for session in self.sessions().await.difference(&mine) {
                // what it was sent goes on without its host
                wait_until_gone(&self.url, *session).await;
            }
            let seen = self.in_step().await;
            assert_eq!(seen.events[1..], all()[..seen.events.len() - 1], "not what was sent, in order");
            assert!(seen.events.len() > reached + 1, "an answered change is not there: {ended:?}");
        }
        let before = self.in_step().await.events.len() - 1;
        let statuses = self.send_all(&changes);
        let replayed = statuses.iter().take_while(|status| *status == "replayed").count();
        assert_eq!(replayed, before);
        assert!(statuses[replayed..].iter().all(|status| status == "applied"), "{statuses:?}");
        assert_eq!(self.in_step().await.events[1..], all());
        assert_eq!(self.send_all(&changes), ["replayed"; CHANGES]);
        assert_eq!(self.in_step().await.events[1..], all());
    }
}

/// Not a wait for anything: a moment to be killed in.
fn somewhere() -> Duration {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    Duration::from_micros(u64::from(now.subsec_nanos()) / 7 % 40_000)
}

fn all() -> Vec<String> {
    (0..CHANGES).map(|number| format!("k-{number}")).collect()
}

/// Changes of many sorts; on SQLite some of them rebuild a table.
fn changes() -> Vec<Json> {
    let one = |number: usize| {
        let (id, turn) = (format!("k-{number}"), number / 5);
        match number % 5 {
            0 => {
                json!({"id": id, "type": "entity.create", "entity": {"name": format!("line{turn}"), "fields": [
                {"name": "id", "type": "Uuid", "nullable": false, "primaryKey": true},
                {"name": "invoice", "type": "Uuid", "indexed": true,
                    "references": {"table": "invoice", "column": "id", "onDelete": "CASCADE"}}]}})
            }
            1 => add_field(&id, &format!("size{turn}")),
            2 => {
                json!({"id": id, "type": "field.update", "entity": "invoice", "field": format!("size{turn}"),
                "changes": {"type": "Text", "nullable": false, "default": "x"}})
            }
            3 => {
                json!({"id": id, "type": "field.update", "entity": format!("line{turn}"), "field": "invoice",
                "changes": {"name": "bill"}})
            }
            _ if turn % 2 == 0 => {
                json!({"id": id, "type": "entity.delete", "entity": format!("line{turn}"), "dropTable": true})
            }
            _ => {
                json!({"id": id, "type": "field.delete", "entity": "invoice", "field": format!("size{turn}"), "dropColumn": true})
            }
        }
    };
    (0..CHANGES).map(one).collect()
}
