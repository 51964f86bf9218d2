//! What no entity or field can be: an adoption says so, and advice to adopt is given only where adopting helps.

use hookwright::outcome::Status;
use hookwright_tests::scenario::Dialect;
use hookwright_tests::world::{TestHost, World};
use serde_json::{Value as Json, json};

use super::bench::{ALLOWED, BOTH, Bench, told};
use super::twins::{after, plain};

const ALL: &str = r#"{"id": "all", "type": "schema.adopt", "extras": true}"#;

/// An organisation that has no entities yet.
async fn old(dialect: Dialect) -> Bench {
    let home = TestHost::start().await;
    let world = World::add(&home, "old", dialect, &["schema-sync".to_owned()]).await;
    Bench { world }
}

/// Takes everything over, and tells what the adoption says; what it then calls for is there as it is.
async fn taken_over(bench: &Bench) -> Vec<String> {
    let event: Json = serde_json::from_str(ALL).expect("JSON");
    let outcome = bench.send(&event, ALLOWED).await;
    assert_eq!(outcome.status, Status::Applied, "{:#?}", outcome.reasons);
    assert!(outcome.statements.is_empty(), "{:#?}", outcome.statements);
    outcome.adopted.into_iter().map(|adopted| adopted.message).collect()
}

#[test]
fn postgres_tells_what_no_entity_can_be() {
    let statements = r#"CREATE TABLE customer (id integer PRIMARY KEY, "Full Name" text, paid money NOT NULL DEFAULT 0,
            tags text[], twice bigint GENERATED ALWAYS AS (id * 2) STORED, size smallint);
        CREATE TABLE "Order Lines" (id integer PRIMARY KEY);
        CREATE TABLE visit (id integer, at date) PARTITION BY RANGE (at);
        CREATE TABLE visit_2024 PARTITION OF visit FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
        CREATE VIEW names AS SELECT id FROM customer"#;
    after(&[Dialect::Postgres], old, statements, async |bench| {
        let said = taken_over(bench).await;
        assert_eq!(
            said,
            [
                "entity customer: added",
                "field customer.id: added, Int, NOT NULL, primary key",
                "field customer.size: added, Int",
                "table \"Order Lines\": left out, its name is none that an entity can have",
                "column \"Full Name\" of \"customer\": left out, its name is none that a field can have (type text)",
                "column \"paid\" of \"customer\": left out, no field has the type money",
                "column \"tags\" of \"customer\": left out, no field has the type text[]",
                "column \"twice\" of \"customer\": left out, it is computed, which only a plugin can call for",
                "table \"visit\": left out, it is partitioned",
                "table \"visit_2024\": left out, it is a part of a partitioned table",
            ]
        );
        let drift = bench.drift().await;
        let size =
            drift.findings.iter().find(|f| f.code() == "drift/type").expect("smallint is no type of a field");
        let told = bench.told(size);
        assert!(
            told.message.ends_with("it was taken in as it is, and no field can say that"),
            "{}",
            told.message
        );
        assert_eq!(told.adopt, None);
    });
}

#[test]
fn sqlite_tells_what_no_entity_can_be() {
    let statements =
        "CREATE TABLE customer (id INTEGER PRIMARY KEY, anything, price DECIMAL(10, 2), twice AS (id * 2));
        CREATE TABLE \"Order Lines\" (id INTEGER PRIMARY KEY); CREATE VIRTUAL TABLE words USING fts5(text)";
    after(&[Dialect::Sqlite], old, statements, async |bench| {
        let said = taken_over(bench).await;
        for expected in [
            "entity customer: added",
            "table \"Order Lines\": left out, its name is none that an entity can have",
            "table \"words\": left out, it is a virtual table, or its text does not parse",
            "table \"words_data\": left out, it belongs to a virtual table",
        ] {
            assert!(said.iter().any(|line| line == expected), "{expected} is not in {said:#?}");
        }
        assert!(!said.iter().any(|line| line.starts_with("entity words")), "{said:#?}");
        let drift = bench.drift().await;
        let anything =
            drift.findings.iter().find(|f| f.place() == "customer.anything").expect("a column without type");
        assert_eq!(anything.found.as_deref(), Some("no type"));
    });
}

#[test]
fn a_table_that_no_entity_can_be_is_named_when_it_is_asked_for() {
    let statements = "CREATE TABLE visit (id integer, at date) PARTITION BY RANGE (at)";
    after(&[Dialect::Postgres], old, statements, async |bench| {
        let error = bench.refused(&json!({"id": "a", "type": "schema.adopt", "entity": "visit"})).await;
        assert_eq!(error.code, "drift/not-adopted");
        assert!(error.to_string().contains("table \"visit\": left out, it is partitioned"), "{error}");
    });
}

/// PostgreSQL keeps apart what metadata do not.
#[test]
fn of_names_that_differ_by_case_alone_one_is_taken_in_and_the_rest_of_all() {
    let statements = r#"CREATE TABLE customer (id integer PRIMARY KEY, "Name" text, name text, note text);
        CREATE TABLE "Other" (id integer PRIMARY KEY); CREATE TABLE other (id integer PRIMARY KEY);
        CREATE TABLE visit (id integer PRIMARY KEY, customer integer REFERENCES customer)"#;
    after(&[Dialect::Postgres], old, statements, async |bench| {
        let said = taken_over(bench).await;
        let left: Vec<_> = said.iter().filter(|said| said.contains("left out")).collect();
        assert_eq!(
            left,
            [
                "column \"name\" of \"customer\": left out, its name differs from \"Name\" by case alone, which names of fields may not; give it another one by hand (RENAME COLUMN \"name\" TO …), then adopt it",
                "table \"other\": left out, the entity \"Other\" already exists, \"other\" was asked for (case does not count); give the table another name by hand, then adopt it",
            ]
        );
        for taken in [
            "field customer.Name: added",
            "field customer.note: added",
            "entity visit: added",
            "entity Other: added",
        ] {
            assert!(said.iter().any(|said| said.starts_with(taken)), "{taken}: {said:#?}");
        }
        bench
            .hand("ALTER TABLE customer RENAME COLUMN name TO called; ALTER TABLE other RENAME TO one_more")
            .await;
        let again =
            bench.send(&json!({"id": "again", "type": "schema.adopt", "extras": true}), ALLOWED).await;
        assert_eq!(again.status, Status::Applied, "{:#?}", again.reasons);
        assert_eq!(told(&bench.drift().await.findings), Vec::<String>::new());
    });
}

#[test]
fn a_column_whose_name_differs_from_that_of_a_field_by_case_alone_is_left_and_named() {
    after(
        &[Dialect::Postgres],
        plain,
        "ALTER TABLE account ADD \"Name\" text, ADD more int",
        async |bench| {
            let findings = bench.drift().await.findings;
            assert_eq!(
                told(&findings),
                ["drift/extra-column account.Name", "drift/extra-column account.more"]
            );
            assert_eq!(bench.told(&findings[0]).adopt, None);
            let field = json!({"id": "f", "type": "schema.adopt", "entity": "account", "field": "Name"});
            let error = bench.refused(&field).await;
            assert_eq!(error.code, "drift/not-adopted");
            assert!(error.message.contains("differs from \"name\" by case alone"), "{error}");
            let adopt = json!({"id": "a", "type": "schema.adopt", "entity": "account"});
            let outcome = bench.send(&adopt, ALLOWED).await;
            assert_eq!((outcome.status, outcome.adopted.len()), (Status::Applied, 2), "{outcome:#?}");
            assert!(
                outcome.adopted[1].message.contains("differs from \"name\" by case alone"),
                "{outcome:#?}"
            );
            bench.paste("ALTER TABLE acme.account RENAME COLUMN \"Name\" TO called").await;
            bench.event(&json!({"id": "b", "type": "schema.adopt", "entity": "account"})).await;
            assert_eq!(told(&bench.drift().await.findings), Vec::<String>::new());
        },
    );
}

#[test]
fn adopting_is_advised_only_where_it_helps_and_makes_no_empty_change() {
    after(&BOTH, plain, "", async |bench| {
        let index = "invoice_account_idx";
        bench.hand(&format!("DROP INDEX {index}")).await;
        let drift = bench.drift().await;
        let told: Vec<_> = drift.findings.iter().map(|f| bench.told(f)).collect();
        assert!(!told.is_empty() && told.iter().all(|finding| finding.adopt.is_none()), "{told:#?}");
        let changes = bench.changes().await;
        let error = bench.refused(&json!({"id": "a", "type": "schema.adopt"})).await;
        assert_eq!(error.code, "drift/not-adopted");
        assert!(error.to_string().contains("is missing"), "{error}");
        assert_eq!(bench.changes().await, changes);
    });
}
