//! Repairs of one thing leave all else as it is, and take nothing of others for recorded.

use hookwright::outcome::Status;
use hookwright_core::drift::Moved;
use hookwright_tests::scenario::Dialect;
use hookwright_tests::world::{TestHost, runtime};
use serde_json::json;

use super::bench::{ALLOWED, Bench, told};

const BY_HAND: &str = "ALTER TABLE account ADD theirs int DEFAULT 3; CREATE INDEX theirs_i ON account (theirs);
    ALTER TABLE account ADD CONSTRAINT theirs_ck CHECK (theirs > 0); ALTER TABLE account ADD t2 int; ALTER TABLE account ALTER name TYPE varchar(100)";

#[test]
fn one_extra_that_goes_takes_no_other_along() {
    runtime().block_on(async {
        let bench = Bench::new(&TestHost::start().await, "acme", Dialect::Postgres).await;
        bench.hand(BY_HAND).await;
        let before = told(&bench.drift().await.findings);
        let one =
            json!({"id": "one", "type": "schema.sync", "entity": "account", "field": "t2", "extras": true});
        let outcome = bench.send(&one, ALLOWED).await;
        assert_eq!(outcome.status, Status::Applied, "{:?}", outcome.reasons);
        assert_eq!(outcome.statements.len(), 1, "{:#?}", outcome.statements);
        let after = bench.drift().await;
        let left: Vec<_> = before.into_iter().filter(|found| !found.ends_with(".t2")).collect();
        assert_eq!(told(&after.findings), left);
        assert!(after.findings.iter().all(|f| f.moved == Moved::Hands), "{:#?}", after.findings);
        let usual = json!({"id": "usual", "type": "schema.sync"});
        assert_eq!(bench.send(&usual, ALLOWED).await.status, Status::Applied);
        let left = [
            "drift/extra-check account (theirs_ck)",
            "drift/extra-column account.theirs",
            "drift/extra-index account (btree (theirs))",
        ];
        assert_eq!(told(&bench.drift().await.findings), left, "a plain repair touched what others made");
    });
}

#[test]
fn what_is_ignored_keeps_no_other_extra_in_place() {
    runtime().block_on(async {
        let bench = Bench::new(&TestHost::start().await, "acme", Dialect::Postgres).await;
        let (host, org) = (bench.world.host(), bench.world.org());
        bench.hand("ALTER TABLE account ADD x1 int, ADD x2 int").await;
        let x1 = bench.drift().await.findings.iter().find(|f| f.place() == "account.x1").unwrap().id();
        host.ignore(org, &x1, "needed", None).await.unwrap();
        let all = json!({"id": "all", "type": "schema.sync", "extras": true});
        let outcome = bench.send(&all, ALLOWED).await;
        assert_eq!(
            (outcome.status, outcome.statements.len()),
            (Status::Applied, 1),
            "{:#?}",
            outcome.statements
        );
        let drift = bench.drift().await;
        assert_eq!((drift.findings.len(), drift.ignored.len()), (0, 1), "{:?}", told(&drift.findings));
        bench.hand("ALTER TABLE account ALTER x1 TYPE bigint").await;
        assert_eq!(told(&bench.drift().await.findings), ["drift/extra-column account.x1"]);
    });
}

#[test]
fn keys_that_count_stay_when_a_database_is_taken_over() {
    runtime().block_on(async {
        let bench = Bench::new(&TestHost::start().await, "acme", Dialect::Postgres).await;
        bench.hand("CREATE TABLE legacy (id serial PRIMARY KEY, v text)").await;
        let adopt = json!({"id": "adopt", "type": "schema.adopt", "entity": "legacy"});
        assert_eq!(bench.send(&adopt, ALLOWED).await.status, Status::Applied);
        let drift = bench.drift().await;
        assert!(drift.is_in_step(), "{:#?}", drift.findings);
        let usual = json!({"id": "usual", "type": "schema.sync"});
        bench.send(&usual, ALLOWED).await;
        bench.hand("INSERT INTO legacy (v) VALUES ('still counted')").await;
    });
}

#[test]
fn what_is_not_there_is_told() {
    runtime().block_on(async {
        let bench = Bench::new(&TestHost::start().await, "acme", Dialect::Sqlite).await;
        for kind in ["schema.sync", "schema.adopt"] {
            for of in [json!({"entity": "nobody"}), json!({"entity": "invoice", "field": "nothing"})] {
                let mut event = json!({"id": format!("{kind}-{of}"), "type": kind});
                of.as_object().unwrap().iter().for_each(|(key, value)| event[key] = value.clone());
                let error =
                    bench.world.send(&event.to_string(), ALLOWED).await.expect_err("nothing is there");
                assert_eq!(error.code, "metadata/not-found", "{error}");
            }
        }
    });
}
