//! Something that is no table of an entity in the place of one: told as what it is, and neither repaired nor adopted away.

use std::sync::Arc;

use hookwright::api::{OrgOptions, SubmitOptions};
use hookwright::outcome::Status;
use hookwright_core::event::Change;
use hookwright_tests::place::Place;
use hookwright_tests::postgres::TestDatabase;
use hookwright_tests::scenario::{Dialect, Mode};
use hookwright_tests::world::{TestHost, runtime};
use serde_json::json;

use super::bench::{ALLOWED, Bench, sync, told};

const ASIDE: &str =
    "ALTER TABLE invoice RENAME TO invoice_rows; ALTER INDEX invoice_pkey RENAME TO invoice_rows_pkey";

/// What is put there, and what is told of it.
const PLACES: &[(&str, &str)] = &[
    ("CREATE TABLE invoice (LIKE invoice_rows) PARTITION BY HASH (id)", "it is partitioned"),
    ("CREATE VIEW invoice AS SELECT * FROM invoice_rows", "it is a view"),
    (
        "CREATE FOREIGN DATA WRAPPER far; CREATE SERVER far FOREIGN DATA WRAPPER far; CREATE FOREIGN TABLE invoice (id uuid) SERVER far",
        "its rows are on another server",
    ),
];

#[test]
fn what_has_the_name_of_a_table_is_told_and_nobody_takes_the_entity_away() {
    for (put, is) in PLACES {
        runtime().block_on(async {
            let bench = Bench::new(&TestHost::start().await, "acme", Dialect::Postgres).await;
            bench.hand(&format!("{ASIDE}; {put}")).await;
            let drift = bench.drift().await;
            let told = told(&drift.findings);
            assert_eq!(told, ["drift/replaced-table invoice"]);
            let finding = bench.told(&drift.findings[0]);
            assert!(finding.message.contains(is), "{}", finding.message);
            assert_eq!((finding.adopt.as_ref(), finding.ignore.as_ref()), (None, None), "{finding:?}");
            for scope in [json!({}), json!({"entity": "invoice"})] {
                let mut adopt = json!({"id": format!("adopt {scope}"), "type": "schema.adopt"});
                adopt.as_object_mut().unwrap().extend(scope.as_object().unwrap().clone());
                let error = bench.refused(&adopt).await;
                assert_eq!(error.code, "drift/not-adopted", "{error}");
                assert!(error.message.contains(is), "{error}");
            }
            let outcome = bench.send(&sync(), ALLOWED).await;
            assert_eq!(outcome.status, Status::Rejected, "{outcome:#?}");
            assert_eq!(outcome.reasons[0].code, "drift/not-repaired");
            assert!(outcome.reasons[0].help.contains("move it away by hand"), "{outcome:#?}");
        });
    }
}

/// What is there would be repaired, or adopted, into another organisation's rows.
#[test]
fn schemas_of_two_organisations_that_were_exchanged_are_told_and_left() {
    runtime().block_on(async {
        let (home, shared) = (TestHost::start().await, Arc::new(TestDatabase::create().await));
        let one = Bench::at(&home, "one", Place::Postgres(shared.clone())).await;
        let two = Bench::at(&home, "two", Place::Postgres(shared)).await;
        let exchange = "ALTER SCHEMA one RENAME TO way; ALTER SCHEMA two RENAME TO one; ALTER SCHEMA way RENAME TO two";
        one.hand(exchange).await;
        let field = json!({"id": "f", "type": "field.create", "entity": "invoice", "field": {"name": "new", "type": "Int"}});
        for (bench, other) in [(&one, "two"), (&two, "one")] {
            let host = bench.world.host();
            for error in [
                host.drift(bench.world.org()).await.expect_err("exchanged"),
                bench.refused(&sync()).await,
                bench.refused(&json!({"id": "a", "type": "schema.adopt"})).await,
            ] {
                assert_eq!(error.code, "db/schemas-exchanged", "{error}");
                assert!(error.message.contains(&format!("is that of the organisation \"{other}\"")), "{error}");
                assert!(error.help.contains("ALTER SCHEMA"), "{}", error.help);
            }
        }
        let fresh = TestHost::start().await;
        let options = OrgOptions { default_plugins: true, ..OrgOptions::default() };
        fresh.host().org_add(one.world.org(), &one.world.url(), options).await.expect("added");
        let change = Change::from_json(field).expect("an event");
        let error = fresh.host().submit(one.world.org(), change, SubmitOptions::default()).await;
        assert_eq!(error.expect_err("exchanged").code, "db/schemas-exchanged");
        let [first, second, third] = ["one RENAME TO way", "two RENAME TO one", "way RENAME TO two"];
        one.hand(&format!("ALTER SCHEMA {first}; ALTER SCHEMA {second}; ALTER SCHEMA {third}")).await;
        for bench in [&one, &two] {
            assert_eq!(told(&bench.drift().await.findings), Vec::<String>::new());
        }
        // One that was copied, or renamed for good, is its organisation's.
        one.hand("COMMENT ON SCHEMA one IS 'Hookwright: the organisation gone'").await;
        assert_eq!(told(&one.drift().await.findings), Vec::<String>::new());
    });
}

#[test]
fn a_table_that_inherits_is_told_until_it_inherits_no_more() {
    runtime().block_on(async {
        let bench = Bench::new(&TestHost::start().await, "acme", Dialect::Postgres).await;
        let rows = bench.rows().await.expect("rows");
        bench
            .hand("CREATE TABLE \"Old\" (id uuid NOT NULL, note text); ALTER TABLE invoice INHERIT \"Old\"; DROP INDEX invoice_tag_idx; ALTER TABLE account RENAME name TO called")
            .await;
        let findings = bench.drift().await.findings;
        assert_eq!(told(&findings), ["drift/renamed-column account.name", "drift/replaced-table invoice"]);
        let finding = bench.told(findings.iter().find(|f| f.is_replaced()).expect("told"));
        assert!(finding.message.contains("it inherits columns from another table"), "{finding:?}");
        // What has nothing to do with what it inherits goes on.
        let field = json!({"id": "f-1", "type": "field.create", "entity": "invoice", "field": {"name": "new", "type": "Int"}});
        bench.event(&field).await;
        let change = json!({"id": "f-2", "type": "field.update", "entity": "invoice", "field": "note", "changes": {"type": "String", "length": 90}});
        let planned = bench.send(&change, Mode { dry_run: true, ..ALLOWED }).await;
        let error = bench.refused(&change).await;
        assert_eq!(planned.reasons[0].code, error.code, "{planned:#?} {error:?}");
        assert_eq!((error.code.as_str(), &error.help), ("drift/replaced-table", &planned.reasons[0].help));
        let outcome = bench.send(&sync(), ALLOWED).await;
        assert_eq!((outcome.status, outcome.left.len()), (Status::Applied, 1), "{outcome:#?}");
        bench.paste(&finding.repair).await;
        bench.event(&json!({"id": "rest", "type": "schema.sync"})).await;
        bench.event(&change).await;
        assert_eq!(told(&bench.drift().await.findings), Vec::<String>::new());
        assert_eq!(bench.rows().await.expect("rows"), rows);
    });
}
