//! A host with organisations on several databases, some behind a door, and waits for what is to come.

use std::time::Duration;

use hookwright::api::{CircuitState, OrgOptions, Pressure};
use hookwright::config::Config;
use hookwright::error::{Error, Result};
use hookwright::host::Host;
use hookwright::outcome::{Outcome, Status};
use hookwright_core::ident::OrgName;
use hookwright_tests::org::{config, name, start, submit};
use hookwright_tests::postgres::TestDatabase;
use serde_json::{Value as Json, json};
use tempfile::TempDir;
use tokio::task::JoinHandle;

/// Longer than anything here takes, unless it hangs.
const PATIENCE: Duration = Duration::from_secs(60);

pub struct Rig {
    pub host: Host,
    pub directory: TempDir,
}

impl Rig {
    /// A host that gives up soon and tries again soon.
    pub async fn new(differ: impl FnOnce(&mut Config)) -> Self {
        let directory = TempDir::new().unwrap();
        let mut config = config(directory.path());
        config.http.listen.set_port(0);
        config.database.connect_timeout_ms = 2_000;
        config.database.circuit_wait_ms = 20;
        config.database.circuit_wait_max_ms = 50;
        config.retry.settle_ms = 500;
        differ(&mut config);
        Self { host: start(config).await, directory }
    }

    /// An organisation with an entity `invoice`.
    pub async fn org(&self, org: &str, url: &str) -> OrgName {
        let org = name(org);
        self.host.org_add(&org, url, OrgOptions::default()).await.unwrap();
        let fields = json!([{"name": "id", "type": "Uuid", "nullable": false, "primaryKey": true}]);
        let event =
            json!({"id": "first", "type": "entity.create", "entity": {"name": "invoice", "fields": fields}});
        assert_eq!(self.submit(&org, &event).await.unwrap().status, Status::Applied);
        org
    }

    pub async fn submit(&self, org: &OrgName, event: &Json) -> Result<Outcome> {
        submit(&self.host, org, event).await
    }

    /// A change that must be applied.
    pub async fn applies(&self, org: &OrgName, id: &str) {
        let outcome = self.submit(org, &add_field(id)).await.unwrap();
        assert_eq!(outcome.status, Status::Applied);
    }

    pub async fn pressure(&self, org: &OrgName) -> Pressure {
        self.host.pressure(org).await.unwrap()
    }

    /// Sends changes until the circuit of the organisation's database is open; gives the error of the next one.
    pub async fn until_open(&self, org: &OrgName) -> Error {
        eventually("the circuit is open", async || {
            let error = self.submit(org, &add_field("lost")).await.err()?;
            // The first one finds the connections that there were broken.
            let passing = ["db/unreachable", "db/circuit-open", "db/unknown-outcome"];
            assert!(passing.contains(&error.entry.code), "{error:?}");
            (error.code == "db/circuit-open").then_some(error)
        })
        .await
    }

    /// Sends a change until it is applied.
    pub async fn until_applied(&self, org: &OrgName, id: &str) {
        let closed = async || {
            let outcome = self.submit(org, &add_field(id)).await.ok()?;
            assert_eq!(outcome.status, Status::Applied);
            Some(())
        };
        eventually("the change is applied", closed).await;
        assert_eq!(self.pressure(org).await.circuit, CircuitState::Closed);
    }
}

/// A change of one column of the table `invoice`, named like the event.
pub fn add_field(id: &str) -> Json {
    json!({"id": id, "type": "field.create", "entity": "invoice", "field": {"name": id.replace('-', "_"), "type": "Int"}})
}

/// The one of several tasks that ends first, once there is one; the others go on.
pub async fn first_to_end<T>(tasks: &mut Vec<JoinHandle<T>>) -> T {
    let ended = async || tasks.iter().position(JoinHandle::is_finished);
    let at = eventually("one of them ends", ended).await;
    tasks.swap_remove(at).await.unwrap()
}

/// Looks until there is something.
pub async fn eventually<T>(what: &str, look: impl AsyncFn() -> Option<T>) -> T {
    let looks = async {
        loop {
            if let Some(found) = look().await {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, looks).await.unwrap_or_else(|_| panic!("never: {what}"))
}

/// Sessions of hosts that a database has.
pub async fn sessions(database: &TestDatabase) -> i64 {
    let mut connection = database.connect().await;
    let query = sqlx::query_scalar(
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'hookwright' AND datname = $1",
    );
    query.bind(database.name()).fetch_one(&mut connection).await.unwrap()
}
