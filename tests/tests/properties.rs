//! Laws that hold of any sequence of changes: the database is what the model says after each of them, the schema
//! that was lived through is the one that the metadata calls for, and sending everything again changes nothing.
//!
//! Sequences are made of the same seed in every run; `HOOKWRIGHT_TEST_CASES` makes more or fewer of them.

#![allow(clippy::unwrap_used)]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use hookwright::outcome::Status;
use hookwright_tests::made_up::{Sequence, sequence};
use hookwright_tests::reference::Reference;
use hookwright_tests::rows;
use hookwright_tests::scenario::{Dialect, Mode};
use hookwright_tests::world::{TestHost, World, runtime};
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};

const PLUGINS: [&str; 3] = ["schema-sync", "standard-columns", "index-advisor"];
const ALLOWED: Mode =
    Mode { confirm: true, allow_destructive: true, dry_run: false, batch: false, approve: false };

/// What a change may be refused with: never the database's or the host's own trouble.
const REFUSALS: [&str; 5] = ["event/", "intent/", "metadata/", "plugin/rejected", "policy/"];

static SENT: AtomicUsize = AtomicUsize::new(0);
static APPLIED: AtomicUsize = AtomicUsize::new(0);

#[test]
fn any_sequence_keeps_an_empty_sqlite_in_step() {
    check(Dialect::Sqlite, false, 24);
}

#[test]
fn any_sequence_keeps_a_sqlite_with_rows_in_step() {
    check(Dialect::Sqlite, true, 24);
}

#[test]
fn any_sequence_keeps_a_postgres_with_rows_in_step() {
    check(Dialect::Postgres, true, 12);
}

fn check(dialect: Dialect, with_rows: bool, cases: u32) {
    let cases = std::env::var("HOOKWRIGHT_TEST_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(cases);
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 200, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let home = runtime().block_on(TestHost::start());
    let law = |sequence: Sequence| {
        runtime().block_on(lives_through(&home, dialect, with_rows, &sequence)).map_err(TestCaseError::fail)
    };
    let result = runner.run(&sequence(), law);
    let (sent, applied) = (SENT.load(Ordering::Relaxed), APPLIED.load(Ordering::Relaxed));
    println!("{applied} of {sent} changes applied so far");
    if let Err(TestError::Fail(why, sequence)) = result {
        let changes = sequence.changes().join("\n");
        panic!("{why}\nThe smallest sequence found:\n{changes}");
    }
}

async fn lives_through(
    home: &Arc<TestHost>,
    dialect: Dialect,
    with_rows: bool,
    sequence: &Sequence,
) -> Result<(), String> {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let org = format!("made-up-{}", COUNT.fetch_add(1, Ordering::Relaxed));
    let world = World::add(home, &org, dialect, &PLUGINS.map(str::to_owned)).await;
    let (mut applied, mut reference) = (Vec::new(), Reference::default());
    let mut known = sequence.begin();
    let mut sent = 0;
    while let Some(change) = known.change() {
        sent += 1;
        let result = world.send(&change, ALLOWED).await;
        let foreign = world.in_step().await.map_err(|what| format!("after {change}: {what}"))?;
        if !foreign.is_empty() {
            return Err(format!("after {change} there is {foreign:?}"));
        }
        match result {
            Ok(outcome) if outcome.status == Status::Applied => {
                known.applied();
                reference.follow(&change);
                reference.check(&world).await.map_err(|what| format!("after {change} {what}"))?;
                if with_rows {
                    reference.keeps_rows(&world).await.map_err(|what| format!("after {change} {what}"))?;
                    rows::fill(&world).await;
                    reference.count_rows(&world).await?;
                }
                applied.push(change);
            }
            Ok(outcome) if outcome.reasons.is_empty() => return Err(format!("{change} is {outcome:?}")),
            Ok(outcome) if outcome.status == Status::Held && !with_rows => {
                return Err(format!("{change} is held without rows: {:?}", outcome.reasons));
            }
            Ok(_) => {}
            Err(error) if REFUSALS.iter().any(|area| error.code.starts_with(area)) => {}
            Err(error) => return Err(format!("{change} meets {}: {error}", error.code)),
        }
    }
    SENT.fetch_add(sent, Ordering::Relaxed);
    APPLIED.fetch_add(applied.len(), Ordering::Relaxed);
    finally(&world, &applied).await
}

async fn finally(world: &World, applied: &[String]) -> Result<(), String> {
    world.derives().await?;
    let before = world.physical().await;
    for change in applied {
        match world.send(change, ALLOWED).await.map(|outcome| outcome.status) {
            Ok(Status::Replayed) => {}
            other => return Err(format!("sent again, {change} is {other:?}")),
        }
    }
    match world.physical().await == before {
        true => Ok(()),
        false => Err("sending everything again changed something".to_owned()),
    }
}
