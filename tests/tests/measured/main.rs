//! What the renderer declares of each kind of statement is what PostgreSQL does: every kind is run on empty and on
//! filled tables, and what it locked, read and wrote is compared. A kind that no case brings about fails the test.

#![allow(clippy::unwrap_used)]

mod beside;
mod document;
mod found;
mod trial;
mod within;

use hookwright_core::ddl::StatementKind;
use hookwright_tests::plans::{self, Case, Made, cases, made_up};
use hookwright_tests::postgres::TestDatabase;
use hookwright_tests::world::runtime;

use found::{Found, Seen};
use trial::{Trial, Way};

#[test]
fn every_kind_of_statement_does_what_is_declared() {
    let found = runtime().block_on(all(cases, &[(false, false), (true, false), (false, true), (true, true)]));
    told(&found);
    let mut seen = Seen::default();
    found.into_iter().for_each(|(_, found)| seen.take(found));
    let missing: Vec<_> = StatementKind::ALL.iter().filter(|kind| !seen.has(**kind)).collect();
    assert!(missing.is_empty(), "no case in tests/src/plans/cases.rs brings about {missing:?}");
    println!("{}", seen.table());
    document::compare(&seen.table());
}

#[test]
fn changes_that_nobody_thought_of_run_and_do_what_is_declared() {
    let found = runtime().block_on(all(unforeseen, &[(false, false), (false, true)]));
    told(&found);
    println!("{} statements of made-up changes", found.len());
}

/// Made-up changes, which rows might not allow.
fn unforeseen() -> Vec<Case> {
    let case = |made: Made| Case {
        name: format!("{:?}", made.intents),
        base: plans::base(),
        unlogged: &[],
        collated: &[],
        changes: vec![made.intents],
        empty_only: true,
        burying: true,
        unforeseen: true,
    };
    made_up(60).into_iter().map(case).collect()
}

/// Runs cases in each of some ways, side by side.
async fn all(cases: fn() -> Vec<Case>, ways: &[(bool, bool)]) -> Vec<(String, Found)> {
    let start = |(filled, online): &(bool, bool)| {
        tokio::spawn(all_of(cases(), Way { filled: *filled, online: *online }))
    };
    let running: Vec<_> = ways.iter().map(start).collect();
    let mut found = Vec::new();
    for way in running {
        found.extend(way.await.expect("every statement can be run"));
    }
    found
}

/// Panics if a statement does not do what is declared.
fn told(found: &[(String, Found)]) {
    let wrong = found.iter().filter_map(|(case, found)| Some(format!("{case}: {}", found.differs()?)));
    let wrong: Vec<_> = wrong.collect();
    assert!(wrong.is_empty(), "{} statements do not do what is declared:\n{}", wrong.len(), wrong.join("\n"));
}

/// What was found of the statements of every case, with the case's name.
async fn all_of(cases: Vec<Case>, way: Way) -> Vec<(String, Found)> {
    let database = TestDatabase::create().await;
    let mut all = Vec::new();
    for case in cases.iter().filter(|case| !(way.filled && case.empty_only)) {
        let connection = database.connect().await;
        let mut trial = Trial { case, way, database: &database, connection, found: Vec::new() };
        trial.run().await;
        let name = format!("{} ({way})", case.name);
        all.extend(trial.found.into_iter().map(|found| (name.clone(), found)));
    }
    database.close().await;
    all
}
