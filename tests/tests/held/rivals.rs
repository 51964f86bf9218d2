//! Two hosts decide on one held change at once: one of them does, the other is told.

use hookwright::api::{ApproveOptions, OrgOptions, RejectOptions};
use hookwright::error::Error;
use hookwright::host::Host;
use hookwright::outcome::{Outcome, Status};
use hookwright_core::ident::OrgName;
use hookwright_tests::on_both;
use hookwright_tests::org::{Witness, change, config, name, start, submit};
use hookwright_tests::place::Place;
use hookwright_tests::scenario::Dialect;
use serde_json::{Value as Json, json};
use tempfile::TempDir;

const ROUNDS: usize = 8;

struct Pair {
    hosts: [Host; 2],
    org: OrgName,
    witness: Witness,
    _directories: [TempDir; 2],
    _place: Place,
}

type Told = Result<Outcome, Error>;

impl Pair {
    async fn new(dialect: Dialect) -> Self {
        let place = Place::create(dialect).await;
        let url = &place.url();
        let org = name("acme");
        let directories = [TempDir::new().unwrap(), TempDir::new().unwrap()];
        let mut hosts = Vec::new();
        for directory in &directories {
            let host = start(config(directory.path())).await;
            host.org_add(&org, url, OrgOptions::default()).await.unwrap();
            hosts.push(host);
        }
        let witness = Witness::new(&org, url);
        let hosts: [Host; 2] = hosts.try_into().unwrap_or_else(|_| panic!("two"));
        let invoice = json!({"id": "first", "type": "entity.create", "entity": {"name": "invoice", "fields": [
            {"name": "id", "type": "Uuid", "nullable": false, "primaryKey": true}]}});
        submit(&hosts[0], &org, &invoice).await.unwrap();
        Self { hosts, org, witness, _directories: directories, _place: place }
    }

    /// A held change that drops a column of its own.
    async fn held(&self, round: usize) -> (String, Json) {
        let field = format!("f{round}");
        let create = json!({"id": format!("c-{round}"), "type": "field.create", "entity": "invoice",
            "field": {"name": field, "type": "Int"}});
        submit(&self.hosts[round % 2], &self.org, &create).await.unwrap();
        let drop = json!({"id": format!("d-{round}"), "type": "field.delete", "entity": "invoice", "field": field,
            "dropColumn": true});
        let held = self.hosts[0].submit(&self.org, change(&drop), Default::default()).await.unwrap();
        assert_eq!(held.status, Status::Held);
        (held.change.unwrap(), drop)
    }

    async fn approve(&self, host: usize, id: &str) -> Told {
        let actor = Some(format!("actor-{host}"));
        let options = ApproveOptions { allow_destructive: true, plan_hash: None, actor, until: None };
        self.hosts[host].approve(&self.org, id, options).await
    }

    async fn reject(&self, host: usize, id: &str) -> Told {
        let options = RejectOptions { reason: None, actor: Some(format!("actor-{host}")) };
        self.hosts[host].reject(&self.org, id, options).await
    }

    /// What stands of the change, and that everything agrees with it.
    async fn shown(&self, id: &str) -> Outcome {
        self.witness.look().await;
        self.hosts[1].change(&self.org, id).await.unwrap()
    }
}

fn decided(told: &Told) -> bool {
    told.as_ref().is_err_and(|error| error.code == "change/decided")
}

fn applied(told: &Told) -> bool {
    told.as_ref().is_ok_and(|outcome| outcome.status == Status::Applied)
}

async fn two_approvals(pair: &Pair) {
    for round in 0..ROUNDS {
        let (id, _) = pair.held(round).await;
        let told: [Told; 2] = tokio::join!(pair.approve(0, &id), pair.approve(1, &id)).into();
        let winner = told.iter().position(applied).unwrap_or_else(|| panic!("{told:?}"));
        assert!(decided(&told[1 - winner]), "{told:?}");
        let shown = pair.shown(&id).await;
        assert_eq!(shown.decision.unwrap().by, Some(format!("actor-{winner}")));
    }
}

async fn an_approval_and_the_event_again(pair: &Pair) {
    for round in 0..ROUNDS {
        let (id, drop) = pair.held(round).await;
        let (approved, sent) = tokio::join!(pair.approve(0, &id), submit(&pair.hosts[1], &pair.org, &drop));
        let sent = sent.unwrap();
        match applied(&approved) {
            true => assert_eq!(sent.status, Status::Replayed),
            false => assert!(decided(&approved) && sent.status == Status::Applied, "{approved:?} {sent:?}"),
        }
        assert_eq!(sent.change.as_deref(), Some(id.as_str()));
        assert_eq!(pair.shown(&id).await.status, Status::Applied);
    }
}

async fn an_approval_and_a_rejection(pair: &Pair) {
    for round in 0..ROUNDS {
        let (id, _) = pair.held(round).await;
        let (approved, rejected) = tokio::join!(pair.approve(0, &id), pair.reject(1, &id));
        assert_ne!(applied(&approved), rejected.is_ok(), "{approved:?} {rejected:?}");
        assert!(decided(&approved) || decided(&rejected), "{approved:?} {rejected:?}");
        let status = if applied(&approved) { Status::Applied } else { Status::Rejected };
        assert_eq!(pair.shown(&id).await.status, status);
    }
}

/// Both hold it: there is one held change.
async fn the_event_twice(pair: &Pair) {
    for round in 0..ROUNDS {
        let (first, drop) = pair.held(round).await;
        pair.reject(0, &first).await.unwrap();
        let anew = json!({"id": format!("n-{round}"), "type": "field.delete", "entity": "invoice",
            "field": drop["field"], "dropColumn": true});
        let send = |host: usize| pair.hosts[host].submit(&pair.org, change(&anew), Default::default());
        let (one, two) = tokio::join!(send(0), send(1));
        let (one, two) = (one.unwrap(), two.unwrap());
        assert_eq!((one.status, two.status), (Status::Held, Status::Held));
        assert_eq!(one.change, two.change);
    }
}

on_both! { Pair::new => two_approvals an_approval_and_the_event_again an_approval_and_a_rejection the_event_twice }
