//! A plan of a repair only reads, and is what is carried out.

use hookwright::outcome::{Outcome, Status};
use hookwright_tests::scenario::{Dialect, Mode};
use hookwright_tests::world::{TestHost, runtime};

use super::bench::{ALLOWED, BOTH, Bench, sync, told};
use super::hands::named;
use super::watch::fingerprint;

const PLANNED: Mode = Mode { dry_run: true, ..ALLOWED };

#[test]
fn plans_of_postgres_change_nothing_and_are_carried_out_as_they_are() {
    all(Dialect::Postgres);
}

#[test]
fn plans_of_sqlite_change_nothing_and_are_carried_out_as_they_are() {
    all(Dialect::Sqlite);
}

fn all(dialect: Dialect) {
    runtime().block_on(async {
        for (bench, deed) in Bench::for_deeds(dialect).await {
            bench.done(deed).await;
            let (before, found) = (fingerprint(&bench).await, bench.drift().await.findings);
            let planned = bench.send(&sync(), PLANNED).await;
            assert_eq!(planned.status, Status::Planned, "{}: {:#?}", deed.name, planned.reasons);
            assert_eq!(fingerprint(&bench).await, before, "{}: the schema moved", deed.name);
            assert_eq!(bench.drift().await.findings, found, "{}", deed.name);
            let done = bench.send(&sync(), ALLOWED).await;
            assert_eq!(done.status, Status::Applied, "{}: {:#?}", deed.name, done.reasons);
            assert_eq!(statements(&done), statements(&planned), "{}", deed.name);
            assert_eq!(done.plan_hash, planned.plan_hash, "{}", deed.name);
        }
    });
}

#[test]
fn a_plan_says_what_is_missing_and_no_more() {
    for dialect in BOTH {
        runtime().block_on(async {
            let bench = Bench::new(&TestHost::start().await, "acme", dialect).await;
            assert!(statements(&bench.send(&sync(), PLANNED).await).is_empty(), "it is in step");
            bench.done(named("a column dropped")).await;
            let said = statements(&bench.send(&sync(), PLANNED).await);
            assert!(said[0].starts_with("ALTER TABLE \"invoice\" ADD COLUMN \"note\""), "{said:#?}");
            assert!(said.iter().all(|sql| sql.contains("\"note\"")), "{said:#?}");
            let deed = match dialect {
                Dialect::Postgres => "a table dropped",
                Dialect::Sqlite => "a table dropped, and the references to it left",
            };
            bench.done(named(deed)).await;
            let said = statements(&bench.send(&sync(), PLANNED).await);
            assert!(said.iter().any(|sql| sql.starts_with("CREATE TABLE \"account\"")), "{said:#?}");
            let missing = told(&bench.drift().await.findings);
            assert!(missing.contains(&"drift/missing-table account".to_owned()), "{missing:?}");
        });
    }
}

/// The statements, as they are on either database.
fn statements(outcome: &Outcome) -> Vec<String> {
    outcome.statements.iter().map(|statement| statement.sql.replace("\"acme\".", "")).collect()
}
