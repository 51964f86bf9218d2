//! Deeds that the printed repairs end, pasted one after the other as they are told, with the rows where they were.

use hookwright_tests::scenario::Dialect;
use hookwright_tests::world::{TestHost, runtime};
use serde_json::{Value as Json, json};

use super::bench::{ALLOWED, BOTH, Bench, told};
use super::twins::{mails, twins_of};

/// Repairs that are pasted before they are taken to go round in a circle.
const MOST: usize = 8;

/// A name, the deed on PostgreSQL, and on SQLite.
const DEEDS: &[(&str, &str, &str)] = &[
    (
        "a table and the key that it refers to",
        "ALTER TABLE invoice RENAME TO bill; ALTER TABLE account RENAME COLUMN id TO ident",
        "ALTER TABLE invoice RENAME TO bill; ALTER TABLE account RENAME COLUMN id TO ident",
    ),
    (
        "a reference that sets a default",
        "ALTER TABLE invoice DROP CONSTRAINT invoice_account_fkey; \
         ALTER TABLE invoice ADD CONSTRAINT invoice_account_fkey FOREIGN KEY (account) REFERENCES account ON DELETE SET DEFAULT",
        "",
    ),
    (
        "names of three in a circle over two tables",
        "ALTER INDEX account_pkey RENAME TO way; ALTER INDEX invoice_no_key RENAME TO account_pkey; \
         ALTER INDEX account_name_key RENAME TO invoice_no_key; ALTER INDEX way RENAME TO account_name_key",
        "",
    ),
    (
        "names of unique constraints of two tables",
        "ALTER INDEX account_name_key RENAME TO way; ALTER INDEX invoice_no_key RENAME TO account_name_key; \
         ALTER INDEX way RENAME TO invoice_no_key",
        "DROP INDEX account_name_key; DROP INDEX invoice_no_key; \
         CREATE UNIQUE INDEX account_name_key ON invoice (no); CREATE UNIQUE INDEX invoice_no_key ON account (name)",
    ),
    (
        "a table that is another's neighbour, and one of another shape in its place",
        "ALTER TABLE account RENAME TO way; ALTER TABLE lead RENAME TO account; ALTER TABLE way RENAME TO lead",
        "ALTER TABLE account RENAME TO way; ALTER TABLE lead RENAME TO account; ALTER TABLE way RENAME TO lead",
    ),
    (
        "two that have most columns in common in one another's places",
        "ALTER TABLE note RENAME TO way; ALTER TABLE task RENAME TO note; ALTER TABLE way RENAME TO task",
        "ALTER TABLE note RENAME TO way; ALTER TABLE task RENAME TO note; ALTER TABLE way RENAME TO task",
    ),
];

async fn bench(dialect: Dialect) -> Bench {
    let bench = twins_of(Bench::new(&TestHost::start().await, "acme", dialect).await).await;
    let fields = |more: &[&str]| {
        let texts = ["title", "owner"].iter().chain(more).map(|name| json!({"name": name, "type": "Text"}));
        let id = json!({"name": "id", "type": "Int", "nullable": false, "primaryKey": true});
        std::iter::once(id).chain(texts).collect::<Vec<Json>>()
    };
    bench
        .event(&json!([
            {"id": "p-1", "type": "field.update", "entity": "account", "field": "name", "changes": {"unique": true}},
            {"id": "p-2", "type": "entity.create", "entity": {"name": "note", "fields": fields(&["content"])}},
            {"id": "p-3", "type": "entity.create", "entity": {"name": "task", "fields": fields(&["due", "status"])}},
        ]))
        .await;
    bench.hand("INSERT INTO note (id, title) VALUES (1, 'a note'); INSERT INTO task (id, title) VALUES (1, 'a task')").await;
    bench
}

/// The event of a printed repair.
fn event(command: &str, id: &str) -> Json {
    let words: Vec<_> = command.split(' ').collect();
    assert_eq!(words[..2], ["hookwright", "sync"], "{command}");
    let of = |flag: &str| words.iter().position(|word| *word == flag).map(|at| words[at + 1]);
    json!({"id": id, "type": "schema.sync", "entity": of("--entity"), "field": of("--field")})
}

#[test]
fn printed_repairs_end_what_they_are_printed_for() {
    for (name, postgres, sqlite) in DEEDS {
        for (dialect, deed) in BOTH.into_iter().zip([postgres, sqlite]).filter(|(_, deed)| !deed.is_empty()) {
            runtime().block_on(async {
                let bench = bench(dialect).await;
                let before = bench.rows().await.unwrap();
                bench.hand(deed).await;
                for nth in 0..MOST {
                    let drift = bench.drift().await;
                    let Some(finding) = drift.findings.first() else { break };
                    let repair = bench.told(finding).repair;
                    bench.send(&event(&repair, &format!("r-{nth}")), ALLOWED).await;
                }
                assert_eq!(told(&bench.drift().await.findings), Vec::<String>::new(), "{dialect:?} {name}");
                assert_eq!(bench.rows().await.unwrap(), before, "{dialect:?} {name}");
                assert!(mails(&bench, "lead").await.contains("lead"), "{dialect:?} {name}");
                for table in ["note", "task"] {
                    let titles =
                        bench.world.rows(&format!("SELECT title FROM {table}")).await.unwrap().concat();
                    assert!(titles.contains(table), "{dialect:?} {name}: {titles}");
                }
                bench.world.derives().await.expect("derived");
            });
        }
    }
}

/// PostgreSQL keeps the values by a check that goes by the column's name; metadata cannot take that over alone.
#[test]
fn a_column_of_chosen_values_under_another_name_is_repaired_and_not_adopted() {
    runtime().block_on(async {
        let bench = bench(Dialect::Postgres).await;
        bench.hand("ALTER TABLE invoice RENAME status TO state").await;
        assert!(bench.drift().await.findings.iter().all(|finding| !finding.adoptable));
        let error = bench.refused(&json!({"id": "a-1", "type": "schema.adopt", "entity": "invoice"})).await;
        assert_eq!(error.code, "drift/not-adopted");
    });
}

#[test]
fn something_of_another_kind_that_has_the_name_is_told() {
    runtime().block_on(async {
        let bench = bench(Dialect::Postgres).await;
        bench.hand("ALTER TABLE lead RENAME CONSTRAINT lead_pkey TO way; CREATE SEQUENCE lead_pkey").await;
        let error = bench.refused(&json!({"id": "s-1", "type": "schema.sync"})).await;
        assert_eq!(error.code, "db/name-taken", "{error}");
    });
}
