//! Who moved: what a repair leaves as it is stays the hands' doing, though it is recorded so.

use hookwright::outcome::Status;
use hookwright_core::drift::Moved;
use hookwright_tests::scenario::Dialect;
use serde_json::json;

use super::bench::{ALLOWED, BOTH, Bench, told};
use super::twins::{after, plain};

/// Repairs what it can; what is left is the hands' then, and after further repairs.
async fn is_left_to_hands(bench: &Bench, left: &str) {
    bench.hand("DROP INDEX invoice_tag_idx").await;
    for scope in [json!(null), json!("invoice")] {
        let sync = json!({"id": format!("s-{scope}"), "type": "schema.sync", "entity": scope});
        let outcome = bench.send(&sync, ALLOWED).await;
        assert_eq!(outcome.status, Status::Applied, "{outcome:#?}");
        assert!(outcome.left.iter().all(|left| left.moved == "hands"), "{:#?}", outcome.left);
        let findings = bench.drift().await.findings;
        let own: Vec<_> = findings.iter().filter(|finding| !finding.is_foreign()).cloned().collect();
        assert_eq!(told(&own), [left]);
        assert_eq!(own[0].moved, Moved::Hands, "{findings:#?}");
        let message = bench.told(&own[0]).message;
        assert!(message.ends_with("others than Hookwright changed it"), "{message}");
        bench.hand("DROP INDEX invoice_tag_idx").await;
    }
}

#[test]
fn a_required_column_without_values() {
    after(&BOTH, plain, "ALTER TABLE account DROP COLUMN name", async |bench| {
        is_left_to_hands(bench, "drift/nullability account.name").await;
    });
}

#[test]
fn what_the_host_cannot_convert() {
    let deeds = [
        (
            "CREATE DOMAIN moment AS timestamptz; ALTER TABLE invoice ALTER at TYPE moment",
            "drift/type invoice.at",
        ),
        (
            "ALTER TABLE invoice ALTER no SET NOT NULL; ALTER TABLE invoice ALTER no ADD GENERATED ALWAYS AS IDENTITY",
            "drift/nullability invoice.no",
        ),
    ];
    for (deed, left) in deeds {
        after(&[Dialect::Postgres], plain, deed, async |bench| {
            is_left_to_hands(bench, left).await;
        });
    }
}

/// What has the table's name is left, and the rest is repaired; the host knows of the table all the same, and of what
/// refers to it.
#[test]
fn a_table_that_something_else_stands_for() {
    let deeds = [
        ("invoice", "ALTER TABLE account RENAME COLUMN name TO called"),
        ("account", "ALTER TABLE invoice RENAME COLUMN note TO called"),
    ];
    for (table, deed) in deeds {
        after(&BOTH, plain, "", async |bench| {
            let rows = bench.rows().await.unwrap();
            bench.hand(deed).await;
            bench
                .hand(&format!(
                    "ALTER TABLE {table} RENAME TO rows_of; CREATE VIEW {table} AS SELECT * FROM rows_of"
                ))
                .await;
            let outcome = bench.send(&json!({"id": "s", "type": "schema.sync"}), ALLOWED).await;
            assert_eq!(outcome.status, Status::Applied, "{outcome:#?}");
            let findings = bench.drift().await.findings;
            let replaced = findings.iter().find(|f| f.code() == "drift/replaced-table").expect("told");
            assert_eq!(replaced.moved, Moved::Hands, "{replaced:#?}");
            bench.paste(&bench.told(replaced).repair).await;
            bench.event(&json!({"id": "s-2", "type": "schema.sync"})).await;
            assert_eq!(told(&bench.drift().await.findings), Vec::<String>::new(), "{table}");
            assert_eq!(bench.rows().await.unwrap(), rows, "{table}");
        });
    }
}

/// A plugin that calls for something else is told as that.
#[test]
fn what_plugins_call_for_is_theirs() {
    after(&[Dialect::Postgres], plain, "ALTER TABLE account DROP COLUMN name", async |bench| {
        bench.send(&json!({"id": "s", "type": "schema.sync"}), ALLOWED).await;
        bench.world.host().plugin_disable(bench.world.org(), "index-advisor").await.unwrap();
        let findings = bench.drift().await.findings;
        let moved: Vec<_> = findings.iter().map(|f| (f.code(), f.moved)).collect();
        assert!(moved.contains(&("drift/nullability".to_owned(), Moved::Hands)), "{moved:?}");
        assert!(moved.contains(&("drift/extra-index".to_owned(), Moved::Plugins)), "{moved:?}");
    });
}

#[test]
fn an_adoption_that_was_rolled_back_is_named() {
    let adds = "ALTER TABLE account ADD more TEXT";
    let alters = "ALTER TABLE account ALTER name TYPE varchar(200)";
    let makes = "CREATE TABLE theirs (id INTEGER PRIMARY KEY)";
    for (dialect, deed) in [
        (Dialect::Postgres, adds),
        (Dialect::Sqlite, adds),
        (Dialect::Postgres, alters),
        (Dialect::Postgres, makes),
        (Dialect::Sqlite, makes),
    ] {
        after(&[dialect], plain, deed, async |bench| {
            let adopted =
                bench.send(&json!({"id": "a", "type": "schema.adopt", "extras": true}), ALLOWED).await;
            let change = adopted.change.expect("adopted");
            bench.event(&json!({"id": "r", "type": "change.rollback", "change": change})).await;
            let findings = bench.drift().await.findings;
            let [finding] = findings.as_slice() else { panic!("{dialect:?} {deed}: {findings:#?}") };
            let told = bench.told(finding);
            assert!(told.message.ends_with("the adoption that took it in was rolled back"), "{told:?}");
            assert_eq!(told.moved, "metadata");
        });
    }
}
