//! What the faults share: a host before a PostgreSQL database with a proxy between, organisations, and changes to make.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use hookwright::api::OrgOptions;
use hookwright::config::Config;
use hookwright::error::Result;
use hookwright::host::Host;
use hookwright::outcome::{Outcome, Status};
use hookwright_core::ident::OrgName;
use hookwright_tests::org::{Seen, Witness, config, name, start, submit};
use hookwright_tests::postgres::TestDatabase;
use hookwright_tests::proxy::{self, Cut, Proxy};
use serde_json::{Value as Json, json};
use tempfile::TempDir;

/// Longer than anything here takes, unless it hangs.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// A host, a proxy, a database.
pub struct Rig {
    pub host: Host,
    pub proxy: Proxy,
    pub database: TestDatabase,
    count: AtomicU32,
    _directory: TempDir,
}

/// An organisation of a rig.
pub struct Org {
    pub name: OrgName,
    pub url: String,
    pub witness: Witness,
}

impl Rig {
    pub async fn new() -> Self {
        Self::with(|_| {}).await
    }

    /// A rig whose configuration differs.
    pub async fn with(differ: impl FnOnce(&mut Config)) -> Self {
        let directory = TempDir::new().unwrap();
        let database = TestDatabase::create().await;
        let proxy = Proxy::start(database.url()).await;
        let mut config = config(directory.path());
        // with one connection the messages are the same each time
        config.database.max_connections = 1;
        differ(&mut config);
        let host = start(config).await;
        Self { host, proxy, database, count: AtomicU32::new(0), _directory: directory }
    }

    /// A name and an address of its own, through the proxy; nothing is connected yet.
    pub fn unknown(&self) -> Org {
        let number = self.count.fetch_add(1, Ordering::Relaxed);
        let name = name(&format!("org-{number}"));
        let witness = Witness::new(&name, self.database.url());
        Org { name, url: self.proxy.url(self.database.url()), witness }
    }

    /// Registers an organisation.
    pub async fn add(&self, org: &Org) -> Result<()> {
        self.host.org_add(&org.name, &org.url, OrgOptions::default()).await.map(drop)
    }

    /// An organisation that is connected, warm, and has made a first change.
    pub async fn org(&self) -> Org {
        let org = self.unknown();
        self.add(&org).await.unwrap();
        let outcome = self.submit(&org, &invoice()).await.unwrap();
        assert_eq!(outcome.status, Status::Applied);
        self.parked().await;
        org
    }

    /// Waits until no connection is in use, so that nothing of what was done is counted later.
    pub async fn parked(&self) {
        let unused = async {
            while self.host.pools().connections.used > 0 {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(PATIENCE, unused).await.expect("a connection goes back to its pool");
    }

    pub async fn submit(&self, org: &Org, events: &Json) -> Result<Outcome> {
        submit(&self.host, &org.name, events).await
    }

    /// The change is there, once, whoever asks, and sending it again changes nothing.
    pub async fn applied_once(&self, org: &Org, events: &Json, changes: i64) -> Seen {
        let before = org.witness.look().await;
        assert_eq!(before.snapshot.revision, changes);
        let ids = ids(events);
        assert_eq!(before.events[before.events.len() - ids.len()..], ids);
        let again = self.submit(org, events).await.unwrap();
        assert_eq!((again.status, again.revision), (Status::Replayed, changes));
        let after = org.witness.look().await;
        assert_eq!(after.snapshot.revision, changes);
        assert_eq!(self.host.derive(&org.name).await.unwrap(), *after.snapshot.schema);
        after
    }
}

pub fn ids(events: &Json) -> Vec<String> {
    let id = |event: &Json| event["id"].as_str().unwrap().to_owned();
    events.as_array().map_or_else(|| vec![id(events)], |all| all.iter().map(id).collect())
}

/// Every cut there is around the messages of an undisturbed run.
pub fn cuts(seen: &proxy::Seen) -> Vec<Cut> {
    let client = (1..=seen.client).flat_map(|n| [Cut::BeforeClientMessage(n), Cut::AfterClientMessage(n)]);
    let server = (1..=seen.server).flat_map(|n| [Cut::BeforeServerMessage(n), Cut::AfterServerMessage(n)]);
    client.chain(server).collect()
}

/// The cuts between different pairs of messages: after a server's message and before its next are one place.
pub fn places(seen: &proxy::Seen) -> Vec<Cut> {
    let last = Cut::AfterServerMessage(seen.server);
    cuts(seen).into_iter().filter(|cut| *cut == last || !matches!(cut, Cut::AfterServerMessage(_))).collect()
}

/// The first change: one table.
pub fn invoice() -> Json {
    json!([{"id": "first", "type": "entity.create", "entity": {"name": "invoice", "fields": [
        {"name": "id", "type": "Uuid", "nullable": false, "primaryKey": true},
        {"name": "amount", "type": "Decimal", "precision": 12, "scale": 2},
        {"name": "note", "type": "Text"}]}}])
}

/// A change of every sort of statement, with a question about rows before it.
pub fn rich() -> Json {
    json!([
        {"id": "e-1", "type": "entity.create", "entity": {"name": "line", "fields": [
            {"name": "id", "type": "Uuid", "nullable": false, "primaryKey": true},
            {"name": "invoice", "type": "Uuid", "indexed": true, "references": {"table": "invoice", "column": "id"}}]}},
        {"id": "e-2", "type": "field.create", "entity": "invoice",
            "field": {"name": "status", "type": "String", "length": 20, "default": "it's new"}},
        {"id": "e-3", "type": "field.update", "entity": "invoice", "field": "amount", "changes": {"nullable": false}},
        {"id": "e-4", "type": "field.update", "entity": "invoice", "field": "note", "changes": {"name": "remark"}}])
}

/// A change of one column of the table `invoice`.
pub fn add_field(id: &str, field: &str) -> Json {
    json!({"id": id, "type": "field.create", "entity": "invoice", "field": {"name": field, "type": "Int"}})
}
