//! An organisation with three entities that refer to each other, with rows; and short ways to change it.

use hookwright::api::{Page, Tombstone};
use hookwright::error::Error;
use hookwright::outcome::{ChangeSummary, Outcome, Status};
use hookwright_core::metadata::Entity;
use hookwright_tests::dump::dump;
use hookwright_tests::scenario::{Dialect, Mode};
use hookwright_tests::world::{TestHost, World};
use serde_json::{Value as Json, json};

pub const PLAIN: Mode =
    Mode { confirm: false, allow_destructive: false, dry_run: false, batch: false, approve: false };
pub const ALLOWED: Mode =
    Mode { confirm: true, allow_destructive: true, dry_run: false, batch: false, approve: false };

pub struct Bench {
    pub world: World,
}

/// What is physically there, and what the metadata are.
#[derive(PartialEq)]
pub struct State {
    pub dump: String,
    pub entities: Vec<Entity>,
}

fn entities() -> [Json; 3] {
    let key = json!({"name": "id", "type": "Int", "nullable": false, "primaryKey": true});
    [
        json!({"id": "e-account", "type": "entity.create", "entity": {"name": "account", "label": "Account", "comment": "who pays",
            "fields": [key, {"name": "code", "type": "String", "length": 20, "nullable": false, "unique": true},
                {"name": "note", "type": "Text", "comment": "free text"}]}}),
        json!({"id": "e-invoice", "type": "entity.create", "entity": {"name": "invoice", "fields": [key,
            {"name": "status", "type": "Enum", "values": ["draft", "sent"], "nullable": false, "default": "draft", "indexed": true},
            {"name": "account", "type": "Int", "references": {"table": "account", "column": "id", "onDelete": "SET NULL"}},
            {"name": "amount", "type": "Decimal", "precision": 12, "scale": 2, "nullable": false, "default": 0, "comment": "net"},
            {"name": "parent", "type": "Int", "references": {"table": "invoice", "column": "id"}}]}}),
        json!({"id": "e-line", "type": "entity.create", "entity": {"name": "line", "fields": [key,
            {"name": "invoice", "type": "Int", "nullable": false, "references": {"table": "invoice", "column": "id", "onDelete": "CASCADE"}},
            {"name": "code", "type": "String", "length": 20, "references": {"table": "account", "column": "code"}}]}}),
    ]
}

const ROWS: &str = "INSERT INTO account (id, code, note) VALUES (1, 'a', 'x'), (2, 'b', NULL); \
    INSERT INTO invoice (id, status, account, amount, parent) VALUES (1, 'draft', 1, 10.50, NULL), (2, 'sent', 2, 7, 1); \
    INSERT INTO line (id, invoice, code) VALUES (1, 1, 'a'), (2, 2, NULL);";

impl Bench {
    pub async fn new(dialect: Dialect) -> Self {
        Self::with_policy(dialect, None).await
    }

    /// With the text of a policy file.
    pub async fn with_policy(dialect: Dialect, policy: Option<&str>) -> Self {
        let home = TestHost::with_policy(policy).await;
        let plugins = ["schema-sync".to_owned(), "index-advisor".to_owned()];
        let bench = Self { world: World::add(&home, "acme", dialect, &plugins).await };
        for entity in entities() {
            bench.applied(&entity).await;
        }
        bench.world.sql(ROWS).await.unwrap();
        bench
    }

    pub async fn send(&self, event: &Json, mode: Mode) -> Result<Outcome, Error> {
        self.world.send(&event.to_string(), mode).await
    }

    /// Sends an event with all consent; gives the id of the change.
    pub async fn applied(&self, event: &Json) -> String {
        let outcome = self.send(event, ALLOWED).await.unwrap_or_else(|e| panic!("{event}: {e} ({})", e.help));
        assert_eq!(outcome.status, Status::Applied, "{event}: {:?}", outcome.reasons);
        self.world.in_step().await.unwrap_or_else(|what| panic!("after {event}: {what}"));
        outcome.change.unwrap()
    }

    /// The error of an event that cannot be.
    pub async fn refused(&self, event: &Json) -> Error {
        match self.send(event, ALLOWED).await {
            Err(error) => error,
            Ok(outcome) => panic!("{event}: {outcome:?}"),
        }
    }

    pub async fn state(&self) -> State {
        State { dump: dump(&self.world).await, entities: self.entities().await }
    }

    /// Whether all is as it was.
    pub async fn is_again(&self, before: &State) {
        let now = self.state().await;
        assert_eq!(now.dump, before.dump);
        assert_eq!(now.entities, before.entities);
    }

    pub async fn entities(&self) -> Vec<Entity> {
        self.world.host().entities(self.world.org()).await.unwrap()
    }

    pub async fn tombstones(&self) -> Vec<Tombstone> {
        self.world.host().tombstones(self.world.org()).await.unwrap()
    }

    /// `what` of each tombstone, newest first.
    pub async fn kept(&self) -> Vec<String> {
        self.tombstones().await.iter().map(Tombstone::subject).collect()
    }

    pub async fn ledger(&self) -> Vec<ChangeSummary> {
        self.world.host().changes(self.world.org(), Page { before: None, limit: 100 }).await.unwrap()
    }

    pub async fn show(&self, id: &str) -> Outcome {
        self.world.host().change(self.world.org(), id).await.unwrap()
    }

    pub async fn rollback(&self, id: &str, change: &str) -> String {
        self.applied(&rollback(id, change)).await
    }
}

pub fn drop_field(id: &str, entity: &str, field: &str) -> Json {
    json!({"id": id, "type": "field.delete", "actor": "ann", "entity": entity, "field": field, "dropColumn": true})
}

pub fn drop_entity(id: &str, entity: &str) -> Json {
    json!({"id": id, "type": "entity.delete", "actor": "ann", "entity": entity, "dropTable": true})
}

pub fn restore_field(id: &str, entity: &str, field: &str) -> Json {
    json!({"id": id, "type": "field.restore", "entity": entity, "field": field})
}

pub fn restore_entity(id: &str, entity: &str) -> Json {
    json!({"id": id, "type": "entity.restore", "entity": entity})
}

pub fn rollback(id: &str, change: &str) -> Json {
    json!({"id": id, "type": "change.rollback", "change": change})
}
