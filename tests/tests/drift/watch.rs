//! What a serving host notices by itself: every deed of hands moves the fingerprint, and nothing is compared in vain.

use std::collections::HashMap;

use hookwright::db::{DbOptions, Fingerprint, OrgDb, Pools};
use hookwright::drift_watch::Round;
use hookwright_tests::place::Place;
use hookwright_tests::scenario::Dialect;
use hookwright_tests::world::{TestHost, runtime};
use serde_json::json;

use super::bench::{Bench, told};

/// What tells the schema of now from that of before.
pub async fn fingerprint(bench: &Bench) -> Fingerprint {
    let world = &bench.world;
    let db = OrgDb::connect(world.org(), &world.url(), &DbOptions::default(), &Pools::default());
    db.expect("an address").fingerprint().await.expect("a fingerprint")
}

#[test]
fn every_deed_of_hands_moves_the_fingerprint() {
    for dialect in [Dialect::Postgres, Dialect::Sqlite] {
        runtime().block_on(async {
            for (bench, deed) in Bench::for_deeds(dialect).await {
                let before = fingerprint(&bench).await;
                bench.done(deed).await;
                let after = fingerprint(&bench).await;
                assert_ne!(before, after, "{dialect:?}: {}", deed.name);
                assert_eq!(after, fingerprint(&bench).await, "{dialect:?}: {}", deed.name);
            }
        });
    }
}

#[test]
fn rows_and_their_care_do_not_move_it() {
    for dialect in [Dialect::Postgres, Dialect::Sqlite] {
        runtime().block_on(async {
            let bench = Bench::new(&TestHost::start().await, "acme", dialect).await;
            let before = fingerprint(&bench).await;
            bench.hand("UPDATE invoice SET note = 'other'; DELETE FROM invoice WHERE no = 1").await;
            bench.hand("ANALYZE invoice").await;
            let after = fingerprint(&bench).await;
            if dialect == Dialect::Postgres {
                let mut session = hookwright_tests::postgres::connect(&bench.world.url()).await;
                for vacuum in ["VACUUM (FREEZE) acme.invoice", "VACUUM (FREEZE) pg_attribute"] {
                    sqlx::raw_sql(vacuum).execute(&mut session).await.expect("vacuumed");
                }
                assert_eq!(before, fingerprint(&bench).await);
            }
            // SQLite's first ANALYZE makes a table of its own.
            assert_eq!(before == after, dialect == Dialect::Postgres);
            bench.hand("ANALYZE invoice").await;
            assert_eq!(after, fingerprint(&bench).await);
            let event = json!({"id": "n", "type": "entity.update", "entity": "invoice", "changes": {"label": "Bill"}});
            bench.event(&event).await;
            assert_ne!(after, fingerprint(&bench).await, "the metadata moved");
        });
    }
}

#[test]
fn organisations_of_one_database_are_asked_at_once_and_told_apart() {
    runtime().block_on(async {
        let home = TestHost::start().await;
        let place = Place::create(Dialect::Postgres).await;
        let url = place.url();
        let acme = Bench::at(&home, "acme", place).await;
        let other = hookwright_tests::org::name("other-corp");
        acme.world.host().org_add(&other, &url, Default::default()).await.expect("added");
        let all = [acme.world.org().clone(), other.clone(), hookwright_tests::org::name("nobody")];
        let db = OrgDb::connect(&other, &url, &DbOptions::default(), &Pools::default()).expect("an address");
        let ask = || async { db.fingerprints(&all).await.expect("fingerprints") };
        let before = ask().await;
        assert_eq!(before.len(), 2, "one that is not there has none");
        acme.hand("ALTER TABLE invoice ADD mine int").await;
        let moved: HashMap<_, _> = ask().await.into_iter().filter(|(org, now)| before[org] != *now).collect();
        assert_eq!(moved.into_keys().collect::<Vec<_>>(), [acme.world.org().clone()]);
    });
}

#[test]
fn only_what_moved_is_compared() {
    for dialect in [Dialect::Postgres, Dialect::Sqlite] {
        runtime().block_on(async {
            let home = TestHost::with_policy(Some("mode = \"prod\"")).await;
            let bench = Bench::new(&home, "acme", dialect).await;
            let host = bench.world.host();
            let gone = hookwright_tests::org::name("gone");
            let nowhere = tempfile::tempdir().expect("a directory");
            let file = nowhere.path().join("gone.db");
            host.org_add(&gone, &format!("sqlite://{}", file.display()), Default::default()).await.expect("added");
            let mut watch = host.drift_watch();
            let round = |compared, failed| Round { organisations: 2, compared, failed };
            assert_eq!(watch.round(true).await, round(2, 0), "all of them when a host begins");
            assert_eq!(watch.round(false).await, round(0, 0));
            bench.hand("DROP INDEX invoice_tag_idx").await;
            assert_eq!(watch.round(false).await, round(1, 0), "hands moved it");
            assert_eq!(watch.round(false).await, round(0, 0));
            assert_eq!(told(&bench.drift().await.findings).len(), 1);
            host.plugin_disable(bench.world.org(), "index-advisor").await.expect("disabled");
            assert_eq!(watch.round(false).await, round(1, 0), "its plugins moved");
            bench.event(&json!({"id": "x", "type": "field.create", "entity": "account", "field": {"name": "x", "type": "Int"}})).await;
            assert_eq!(watch.round(false).await, round(1, 0), "its metadata moved");
            assert_eq!(watch.round(true).await, round(2, 0));
        });
    }
}

#[test]
fn one_that_does_not_answer_holds_nobody_up() {
    runtime().block_on(async {
        let home = TestHost::with_policy(Some("mode = \"prod\"")).await;
        let bench = Bench::new(&home, "acme", Dialect::Sqlite).await;
        let host = bench.world.host();
        let place = Place::create(Dialect::Postgres).await;
        let away = hookwright_tests::org::name("away");
        host.org_add(&away, &place.url(), Default::default()).await.expect("added");
        let mut watch = host.drift_watch();
        assert_eq!(watch.round(true).await, Round { organisations: 2, compared: 2, failed: 0 });
        drop(place);
        bench.hand("DROP INDEX invoice_tag_idx").await;
        assert_eq!(watch.round(false).await, Round { organisations: 2, compared: 1, failed: 1 });
        assert_eq!(watch.round(false).await, Round { organisations: 2, compared: 0, failed: 1 });
    });
}
