//! A real application's history, replayed from its first event to its last on both databases, with every plugin.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::time::Instant;

use hookwright::outcome::{Outcome, Status};
use hookwright_tests::history::events as history;
use hookwright_tests::rows;
use hookwright_tests::scenario::{Dialect, Mode};
use hookwright_tests::world::{TestHost, World, runtime};

const PLUGINS: [&str; 4] = ["schema-sync", "naming-guard", "standard-columns", "index-advisor"];
const ALLOWED: Mode =
    Mode { confirm: true, allow_destructive: true, dry_run: false, batch: false, approve: false };

#[test]
fn an_empty_postgres_lives_through_it() {
    runtime().block_on(without_rows(Dialect::Postgres));
}

#[test]
fn an_empty_sqlite_lives_through_it() {
    runtime().block_on(without_rows(Dialect::Sqlite));
}

#[test]
fn a_postgres_with_rows_lives_through_it() {
    runtime().block_on(with_rows(Dialect::Postgres));
}

#[test]
fn a_sqlite_with_rows_lives_through_it() {
    runtime().block_on(with_rows(Dialect::Sqlite));
}

async fn world(dialect: Dialect) -> World {
    let plugins = PLUGINS.map(str::to_owned);
    World::add(&TestHost::start().await, "crm", dialect, &plugins).await
}

async fn without_rows(dialect: Dialect) {
    let Some(events) = history() else { return };
    let world = world(dialect).await;
    let started = Instant::now();
    for event in &events {
        let outcome = world
            .send(event, ALLOWED)
            .await
            .unwrap_or_else(|error| panic!("{event}: {} {error}", error.code));
        assert_eq!(outcome.status, Status::Applied, "{event}: {:?}", outcome.reasons);
    }
    println!("{} events on {} in {:.1?}", events.len(), dialect.name(), started.elapsed());
    assert_eq!(world.in_step().await.unwrap(), []);
    replayed(&world, &events).await;
    world.derives().await.unwrap();
}

/// Every event, sent again, is answered from the ledger.
async fn replayed(world: &World, events: &[String]) {
    let before = world.physical().await;
    for event in events {
        let status = world.send(event, ALLOWED).await.map(|outcome| outcome.status);
        assert!(matches!(status, Ok(Status::Replayed)), "{event}: {status:?}");
    }
    assert_eq!(world.physical().await, before);
}

/// With rows some changes cannot be: those are held, and say why and what to do.
async fn with_rows(dialect: Dialect) {
    let Some(events) = history() else { return };
    let world = world(dialect).await;
    let (mut applied, mut refused) = (Vec::new(), BTreeMap::<String, usize>::new());
    let mut filled = 0;
    for event in events {
        match world.send(&event, ALLOWED).await {
            Ok(outcome) if outcome.status == Status::Applied => {
                applied.push(event);
                filled += rows::fill(&world).await;
            }
            Ok(outcome) => *refused.entry(explained(&event, &outcome)).or_default() += 1,
            // What an earlier event would have made, had it not been held.
            Err(error) => {
                assert_eq!(error.code, "metadata/not-found", "{event}: {error}");
                assert!(!refused.is_empty(), "{event}: {error}");
                *refused.entry(error.code).or_default() += 1;
            }
        }
    }
    println!("{}: {} applied, {filled} rows, {refused:?}", dialect.name(), applied.len());
    assert!(filled > 100, "only {filled} rows");
    assert_eq!(world.in_step().await.unwrap(), []);
    replayed(&world, &applied).await;
    world.derives().await.unwrap();
}

/// The codes of what holds a change; each reason must be whole.
fn explained(event: &str, outcome: &Outcome) -> String {
    assert_eq!(outcome.status, Status::Held, "{event}");
    assert!(!outcome.reasons.is_empty(), "{event}");
    for reason in &outcome.reasons {
        let whole = !reason.code.is_empty() && !reason.message.is_empty() && !reason.help.is_empty();
        assert!(whole, "{event}: {reason:?}");
    }
    println!("{event}\n  {:?}", outcome.reasons);
    outcome.reasons.iter().map(|reason| reason.code.as_str()).collect::<Vec<_>>().join(" ")
}
