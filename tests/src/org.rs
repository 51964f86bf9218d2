//! An organisation under test: its host with short delays, and a look at it that compares all that is kept of it.
//!
//! For the fault tests. Looks at the organisation's database directly, past the host and past any proxy.

use std::path::Path;

use hookwright::api::SubmitOptions;
use hookwright::config::Config;
use hookwright::db::{ChangePage, DbOptions, OrgDb, Pools, Snapshot, without_comments};
use hookwright::error::Result;
use hookwright::executor::RetryPolicy;
use hookwright::host::Host;
use hookwright::outcome::{Outcome, Status};
use hookwright_core::ddl::Dialect;
use hookwright_core::event::Change;
use hookwright_core::ident::OrgName;
use serde_json::Value as Json;

/// A configuration for hosts in `directory`, which are patient in number and short in time.
pub fn config(directory: &Path) -> Config {
    let mut config = Config::default();
    config.control.database = directory.join("control.db");
    config.retry = RetryPolicy {
        base_ms: 5,
        max_ms: 20,
        lock_attempts: 200,
        lock_base_ms: 2,
        lock_max_ms: 20,
        settle_ms: 10_000,
        ..RetryPolicy::default()
    };
    config.database.lock_timeout_ms = 100;
    config
}

/// A host with a configuration.
///
/// # Panics
/// If it does not start.
pub async fn start(config: Config) -> Host {
    Host::start(config).await.expect("a host starts")
}

/// A change from JSON.
///
/// # Panics
/// If it is none.
pub fn change(events: &Json) -> Change {
    Change::from_json(events.clone()).unwrap_or_else(|error| panic!("not a change: {error:?}"))
}

/// Has a host make a change, with every consent given.
///
/// # Errors
/// The host's.
pub async fn submit(host: &Host, org: &OrgName, events: &Json) -> Result<Outcome> {
    let options = SubmitOptions { confirm: true, allow_destructive: true, ..SubmitOptions::default() };
    host.submit(org, change(events), options).await
}

/// The name of an organisation.
///
/// # Panics
/// If it is none.
pub fn name(name: &str) -> OrgName {
    OrgName::parse(name).expect("a name of an organisation")
}

/// An organisation, seen without any host.
#[derive(Debug)]
pub struct Witness {
    db: OrgDb,
}

/// What a witness saw, after all of it was found to agree.
#[derive(Debug)]
pub struct Seen {
    /// Revision, metadata and model.
    pub snapshot: Snapshot,
    /// The ids of the events that were applied, in the order of their changes.
    pub events: Vec<String>,
}

impl Seen {
    /// Whether an entity has a field; its table then has the column.
    pub fn has_field(&self, entity: &str, field: &str) -> bool {
        let mut entities = self.snapshot.metadata.entities.values();
        let entity = entities.find(|e| e.name.as_str() == entity);
        entity.is_some_and(|e| e.fields.iter().any(|f| f.spec.name.as_str() == field))
    }
}

impl Witness {
    /// A witness of the organisation at `url`, which is no proxy's.
    ///
    /// # Panics
    /// If `url` is none.
    pub fn new(org: &OrgName, url: &str) -> Self {
        let db = OrgDb::connect(org, url, &DbOptions::default(), &Pools::default()).expect("an address");
        Self { db }
    }

    /// Compares metadata, model, tables and ledger.
    ///
    /// # Panics
    /// If they do not agree.
    pub async fn look(&self) -> Seen {
        let snapshot = self.db.snapshot().await.expect("a snapshot");
        self.compare_tables(&snapshot).await;
        compare_metadata(&snapshot);
        let events = self.ledger(snapshot.revision).await;
        Seen { snapshot, events }
    }

    /// The tables are what the model says, and there are no others.
    async fn compare_tables(&self, snapshot: &Snapshot) {
        let inspected = self.db.inspect(None).await.expect("inspected");
        let model = match self.db.dialect() {
            Dialect::Postgres => snapshot.schema.physical(),
            Dialect::Sqlite => without_comments(&snapshot.schema.physical()),
        };
        assert_eq!(inspected.schema, model, "the tables are not what the model says");
        assert_eq!(inspected.foreign, [], "there is more than the model says");
    }

    /// The ledger has one change for each revision, and each change its events. Gives these.
    async fn ledger(&self, revision: i64) -> Vec<String> {
        let mut changes = Vec::new();
        loop {
            let before = changes.last().map(|c: &hookwright::db::ChangeRow| c.revision);
            let page = self.db.changes(ChangePage { before, limit: 500 }).await.expect("a page");
            if page.is_empty() {
                break;
            }
            changes.extend(page);
        }
        changes.reverse();
        let revisions: Vec<_> = changes.iter().map(|c| c.revision).collect();
        assert_eq!(revisions, (1..=revision).collect::<Vec<_>>(), "not one change for each revision");
        let mut all = Vec::new();
        for change in &changes {
            let mut kept: Vec<_> = self
                .db
                .events_of(&change.id)
                .await
                .expect("events")
                .into_iter()
                .map(|e| e.event_id)
                .collect();
            let record = self.db.change(&change.id).await.expect("a change").expect("it is in the list");
            let outcome: Outcome = serde_json::from_str(&record.outcome).expect("an outcome");
            assert_eq!((outcome.status, outcome.revision), (Status::Applied, change.revision));
            let mut told = outcome.events;
            kept.sort();
            all.extend(told.clone());
            told.sort();
            assert_eq!(kept, told, "the events of {} are not those of its outcome", change.id);
        }
        all
    }
}

/// Each entity has its table, each field its column.
fn compare_metadata(snapshot: &Snapshot) {
    let entities: Vec<_> = snapshot.metadata.entities.keys().collect();
    let tables: Vec<_> = snapshot.schema.tables.keys().collect();
    assert_eq!(entities, tables, "the entities are not the tables");
    for (name, entity) in &snapshot.metadata.entities {
        let mut fields: Vec<_> = entity.fields.iter().map(|f| f.spec.name.as_str()).collect();
        let table = snapshot.schema.table(name).expect("each entity has a table");
        let mut columns: Vec<_> = table.columns.keys().map(|c| c.as_str()).collect();
        fields.sort_unstable();
        columns.sort_unstable();
        assert_eq!(fields, columns, "the fields of {name:?} are not its columns");
    }
}
