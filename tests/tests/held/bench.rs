//! An organisation with an entity `invoice`, and short ways to hold a change and to decide on it.

use hookwright::api::{ApproveOptions, HeldPart, Page, RejectOptions, SubmitOptions};
use hookwright::error::Error;
use hookwright::outcome::{ChangeSummary, Outcome, Status};
use hookwright_tests::org::change;
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

impl Bench {
    pub async fn new(dialect: Dialect) -> Self {
        Self::with_policy(dialect, None).await
    }

    /// With the text of a policy file.
    pub async fn with_policy(dialect: Dialect, policy: Option<&str>) -> Self {
        let home = TestHost::with_policy(policy).await;
        let world = World::add(&home, "acme", dialect, &["schema-sync".to_owned()]).await;
        let bench = Self { world };
        let invoice = json!({"id": "first", "type": "entity.create", "entity": {"name": "invoice", "fields": [
            {"name": "id", "type": "Uuid", "nullable": false, "primaryKey": true},
            {"name": "note", "type": "Text"}]}});
        bench.applied(&invoice).await;
        bench
    }

    pub async fn send(&self, event: &Json, mode: Mode) -> Result<Outcome, Error> {
        self.world.send(&event.to_string(), mode).await
    }

    /// Sends an event as a principal that the host knows.
    pub async fn send_as(&self, event: &Json, sender: &str) -> Outcome {
        let actor = Some(sender.to_owned());
        let options =
            SubmitOptions { confirm: true, allow_destructive: true, actor, ..SubmitOptions::default() };
        self.world.host().submit(self.world.org(), change(event), options).await.unwrap()
    }

    pub async fn applied(&self, event: &Json) {
        let outcome = self.send(event, ALLOWED).await.unwrap();
        assert_eq!(outcome.status, Status::Applied, "{:?}", outcome.reasons);
    }

    /// Sends an event without consent; gives the outcome of the held change.
    pub async fn held(&self, event: &Json) -> Outcome {
        let outcome = self.send(event, PLAIN).await.unwrap();
        assert_eq!(outcome.status, Status::Held, "{outcome:?}");
        outcome
    }

    pub async fn approve(&self, id: &str, allow_destructive: bool, actor: &str) -> Result<Outcome, Error> {
        let options =
            ApproveOptions { allow_destructive, plan_hash: None, actor: Some(actor.to_owned()), until: None };
        self.world.host().approve(self.world.org(), id, options).await
    }

    pub async fn reject(&self, id: &str, reason: &str) -> Result<Outcome, Error> {
        let options = RejectOptions { reason: Some(reason.to_owned()), actor: Some("bob".to_owned()) };
        self.world.host().reject(self.world.org(), id, options).await
    }

    pub async fn show(&self, id: &str) -> Outcome {
        self.world.host().change(self.world.org(), id).await.unwrap()
    }

    pub async fn waiting(&self) -> Vec<ChangeSummary> {
        self.world.host().held(self.world.org(), HeldPart { before: None, limit: 100 }).await.unwrap()
    }

    /// Changes in the ledger.
    pub async fn ledger(&self) -> Vec<ChangeSummary> {
        let page = Page { before: None, limit: 100 };
        self.world.host().changes(self.world.org(), page).await.unwrap()
    }
}

/// Deletes the field `note` with its column: destroys data.
pub fn drop_note(id: &str) -> Json {
    json!({"id": id, "type": "field.delete", "actor": "ann", "entity": "invoice", "field": "note", "dropColumn": true})
}

pub fn id(outcome: &Outcome) -> String {
    outcome.change.clone().unwrap()
}

pub fn codes(outcome: &Outcome) -> Vec<&str> {
    outcome.reasons.iter().map(|r| r.code.as_str()).collect()
}
