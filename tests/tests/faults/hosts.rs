//! Several hosts, each with a control database of its own, change one organisation at once.

use hookwright::api::OrgOptions;
use hookwright::host::Host;
use hookwright::outcome::Status;
use hookwright_core::ident::OrgName;
use hookwright_tests::on_both;
use hookwright_tests::org::{Seen, Witness, config, name, start, submit};
use hookwright_tests::place::Place;
use hookwright_tests::scenario::Dialect;
use serde_json::{Value as Json, json};
use tempfile::TempDir;

use crate::rig::{add_field, invoice};

const ROUNDS: usize = 15;

/// Two hosts of one organisation.
struct Pair {
    one: Host,
    two: Host,
    org: OrgName,
    witness: Witness,
    _directories: [TempDir; 2],
    _place: Place,
}

impl Pair {
    /// Both hosts meet the empty database at once.
    async fn new(dialect: Dialect) -> Self {
        let place = Place::create(dialect).await;
        let url = &place.url();
        let org = name("acme");
        let directories = [TempDir::new().unwrap(), TempDir::new().unwrap()];
        let (one, two) = tokio::join!(host(&directories[0], &org, url), host(&directories[1], &org, url));
        let witness = Witness::new(&org, url);
        submit(&one, &org, &invoice()).await.unwrap();
        Self { one, two, org, witness, _directories: directories, _place: place }
    }

    async fn look(&self, changes: usize) -> Seen {
        let seen = self.witness.look().await;
        assert_eq!(seen.events.len(), changes);
        assert_eq!(self.one.derive(&self.org).await.unwrap(), *seen.snapshot.schema);
        seen
    }

    async fn both(&self, one: &Json, two: &Json) -> [Result<(Status, String), String>; 2] {
        let (one, two) = tokio::join!(submit(&self.one, &self.org, one), submit(&self.two, &self.org, two));
        [one, two].map(|outcome| match outcome {
            Ok(outcome) => Ok((outcome.status, outcome.change.unwrap())),
            Err(error) => Err(error.code),
        })
    }
}

async fn host(directory: &TempDir, org: &OrgName, url: &str) -> Host {
    let host = start(config(directory.path())).await;
    host.org_add(org, url, OrgOptions::default()).await.unwrap();
    host
}

async fn the_same_event(pair: &Pair) {
    for round in 0..ROUNDS {
        let event = add_field(&format!("e-{round}"), &format!("f{round}"));
        let [one, two] = pair.both(&event, &event).await.map(Result::unwrap);
        assert_eq!(one.1, two.1, "two changes for one event");
        let statuses = [one.0, two.0];
        assert!(statuses.contains(&Status::Applied) && statuses.contains(&Status::Replayed), "{statuses:?}");
    }
    pair.look(ROUNDS + 1).await;
}

async fn different_events(pair: &Pair) {
    for round in 0..ROUNDS {
        let one = add_field(&format!("a-{round}"), &format!("a{round}"));
        let two = add_field(&format!("b-{round}"), &format!("b{round}"));
        let [one, two] = pair.both(&one, &two).await.map(Result::unwrap);
        assert_eq!((one.0, two.0), (Status::Applied, Status::Applied));
        assert_ne!(one.1, two.1);
    }
    pair.look(ROUNDS * 2 + 1).await;
}

/// Two events that cannot both be: one is applied, the other is told why not.
async fn rivals(pair: &Pair) {
    for round in 0..ROUNDS {
        let field = format!("f{round}");
        let (one, two) = (add_field(&format!("a-{round}"), &field), add_field(&format!("b-{round}"), &field));
        let told = pair.both(&one, &two).await;
        let refused: Vec<_> = told.iter().filter_map(|told| told.as_ref().err()).collect();
        assert_eq!(refused, ["metadata/conflict"], "{told:?}");
    }
    pair.look(ROUNDS + 1).await;
}

/// One id for two events: one is applied, the other is told that the id is taken.
async fn one_id(pair: &Pair) {
    for round in 0..ROUNDS {
        let id = format!("e-{round}");
        let told =
            pair.both(&add_field(&id, &format!("a{round}")), &add_field(&id, &format!("b{round}"))).await;
        let refused: Vec<_> = told.iter().filter_map(|told| told.as_ref().err()).collect();
        assert_eq!(refused, ["event/id-reused"], "{told:?}");
    }
    pair.look(ROUNDS + 1).await;
}

/// A crowd of changes at each host, some of them sent to both.
async fn crowd(pair: &Pair) {
    const EACH: usize = 16;
    let tasks = (0..EACH * 2).map(|number| {
        let host = if number % 2 == 0 { pair.one.clone() } else { pair.two.clone() };
        let (org, event) = (
            pair.org.clone(),
            json!([{"id": format!("c-{}", number % (EACH + 8)), "type": "field.create",
            "entity": "invoice", "field": {"name": format!("c{}", number % (EACH + 8)), "type": "Int"}}]),
        );
        tokio::spawn(async move { submit(&host, &org, &event).await })
    });
    let mut applied = 0;
    for task in tasks.collect::<Vec<_>>() {
        let outcome = task.await.unwrap().unwrap_or_else(|error| panic!("{error:?}"));
        applied += usize::from(outcome.status == Status::Applied);
        assert!(matches!(outcome.status, Status::Applied | Status::Replayed), "{outcome:?}");
    }
    assert_eq!(applied, EACH + 8);
    pair.look(EACH + 8 + 1).await;
}

on_both! { Pair::new => the_same_event different_events rivals one_id crowd }
