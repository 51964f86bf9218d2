//! Each deed of hands is found, told, and undone; rows stay.

use std::sync::Arc;

use hookwright::outcome::Status;
use hookwright_core::drift::Moved;
use hookwright_tests::place::Place;
use hookwright_tests::scenario::Dialect;
use hookwright_tests::world::{TestHost, runtime};

use super::bench::{ALLOWED, Bench, sync, told};
use super::deed::Deed;
use super::hands;

#[test]
fn what_hands_did_to_postgres_is_undone() {
    all(Dialect::Postgres);
}

#[test]
fn what_hands_did_to_sqlite_is_undone() {
    all(Dialect::Sqlite);
}

fn all(dialect: Dialect) {
    let (count, wrong) = runtime().block_on(async {
        let home = TestHost::start().await;
        let shared = Place::create(dialect).await;
        let (mut count, mut wrong) = (0, Vec::new());
        for (number, deed) in hands::all().enumerate() {
            if let Some(result) = one(&home, &format!("o{number}"), deed, &shared).await {
                count += 1;
                wrong.extend(result.err().map(|e| format!("{}: {e}", deed.name)));
            }
        }
        (count, wrong)
    });
    println!("{count} deeds on {dialect:?}");
    assert!(wrong.is_empty(), "{} of {count} are wrong:\n{}", wrong.len(), wrong.join("\n"));
}

/// None if it cannot be done there.
async fn one(home: &Arc<TestHost>, org: &str, deed: &Deed, shared: &Place) -> Option<Result<(), String>> {
    let bench = Bench::at(home, org, deed.place(shared).await?).await;
    let before = bench.rows().await.expect("rows");
    bench.done(deed).await;
    Some(repaired(&bench, deed, before).await)
}

async fn repaired(bench: &Bench, deed: &Deed, before: Vec<String>) -> Result<(), String> {
    let drift = bench.drift().await;
    let mut wanted: Vec<_> = deed.found.iter().map(|f| (*f).to_owned()).collect();
    wanted.sort();
    if told(&drift.findings) != wanted {
        return Err(format!("found {:?}", drift.findings));
    }
    if let Some(other) = drift.findings.iter().find(|f| f.moved != Moved::Hands) {
        return Err(format!("it was hands, not {:?}: {other:?}", other.moved));
    }
    let outcome = bench.world.send(&sync().to_string(), ALLOWED).await.map_err(|e| e.to_string())?;
    if outcome.status != Status::Applied || !outcome.left.is_empty() {
        return Err(format!("{:?}: {:?} {:?}", outcome.status, outcome.reasons, outcome.left));
    }
    let after = bench.drift().await;
    if !after.is_in_step() || !after.is_done(&hookwright_core::drift::Scope::default()) {
        return Err(format!("left: {:#?}", after.findings));
    }
    bench.world.derives().await?;
    let rows = bench.rows().await?;
    if !deed.loses && rows != before {
        return Err(format!("rows were {before:#?} and are {rows:#?}"));
    }
    Ok(())
}
