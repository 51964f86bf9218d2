//! What an event finds that meets drift: it works on the tables that it was worked out for, or on none.

use hookwright::error::Error;
use hookwright_tests::scenario::{Dialect, Mode};
use hookwright_tests::world::runtime;
use serde_json::{Value as Json, json};

use super::bench::{ALLOWED, BOTH, Bench};
use super::twins::{after, twins};

/// Adds a field to an entity.
fn add(id: &str, entity: &str) -> Json {
    json!({"id": id, "type": "field.create", "entity": entity, "field": {"name": "more", "type": "Int"}})
}

/// What an event is refused with, just as its dry run is.
async fn refused(bench: &Bench, event: &Json) -> Error {
    let dry = Mode { dry_run: true, ..ALLOWED };
    let planned = match bench.world.send(&event.to_string(), dry).await {
        Ok(outcome) => panic!("{event}: {outcome:#?}"),
        Err(error) => error,
    };
    let error = bench.refused(event).await;
    assert_eq!((&planned.code, &planned.message, &planned.help), (&error.code, &error.message, &error.help));
    error
}

/// The columns that a table has by the name `more`.
async fn more(bench: &Bench, table: &str) -> Vec<String> {
    let sql = match bench.world.dialect() {
        Dialect::Postgres => format!(
            "SELECT a.attname FROM pg_attribute a WHERE a.attrelid = '{table}'::regclass AND a.attname = 'more'"
        ),
        Dialect::Sqlite => format!("SELECT name FROM pragma_table_info('{table}') WHERE name = 'more'"),
    };
    bench.world.rows(&sql).await.expect("read")
}

#[test]
fn a_table_that_somebody_put_in_the_place_of_another_is_not_touched() {
    let places = [
        "ALTER TABLE lead RENAME TO old; CREATE TABLE lead (id int PRIMARY KEY)",
        "ALTER TABLE lead RENAME TO old",
        "ALTER TABLE lead RENAME TO old; ALTER TABLE partner RENAME TO lead; ALTER TABLE old RENAME TO partner",
    ];
    for dialect in BOTH {
        for (place, now) in places.into_iter().zip(["old", "old", "partner"]) {
            runtime().block_on(async {
                let bench = twins(dialect).await;
                bench.hand(place).await;
                let error = refused(&bench, &add("a", "lead")).await;
                assert_eq!(error.code, "db/drifted", "{error}");
                let told = format!("the table \"lead\" of the model is called \"{now}\" in the database");
                assert!(error.message.contains(&told), "{dialect:?} {place}: {error}");
                assert!(error.help.contains("hookwright drift"), "{}", error.help);
                for table in ["lead", "old", "partner"] {
                    let there = bench.world.rows(&format!("SELECT 1 FROM {table} LIMIT 0")).await.is_ok();
                    assert!(!there || more(&bench, table).await.is_empty(), "{dialect:?} {place}: {table}");
                }
                // What is where it was goes on.
                bench.event(&add("b", "account")).await;
                if now == "partner" {
                    bench.event(&json!({"id": "sync", "type": "schema.sync"})).await;
                    bench.event(&add("a", "lead")).await;
                    assert_eq!(
                        (more(&bench, "lead").await.len(), more(&bench, "partner").await.len()),
                        (1, 0)
                    );
                }
            });
        }
    }
}

/// Nothing on it has a name, on SQLite.
#[test]
fn what_is_no_table_of_ours_is_not_touched() {
    let deeds = [
        ("ALTER TABLE pear RENAME TO old; CREATE TABLE pear (x text)", "has 0 of the 3 columns"),
        ("ALTER TABLE pear RENAME TO old; CREATE VIEW pear AS SELECT * FROM old", "is a view now"),
        ("ALTER TABLE pear RENAME TO old", "is not there"),
    ];
    let id = json!({"name": "id", "type": "Uuid", "nullable": false, "primaryKey": true});
    let fields = [id, json!({"name": "a", "type": "Text"}), json!({"name": "b", "type": "Int"})];
    let pear = json!({"id": "p", "type": "entity.create", "entity": {"name": "pear", "fields": fields}});
    let refer = json!({"id": "r", "type": "field.create", "entity": "account", "field": {"name": "pear", "type": "Uuid", "references": {"table": "pear", "column": "id", "onDelete": "SET NULL"}}});
    let events = [
        add("a", "pear"),
        json!({"id": "d", "type": "entity.delete", "entity": "pear", "dropTable": true}),
        refer,
    ];
    for (deed, told) in deeds {
        runtime().block_on(async {
            let bench = twins(Dialect::Sqlite).await;
            bench.event(&pear).await;
            bench.hand(deed).await;
            for event in &events {
                let error = refused(&bench, event).await;
                assert_eq!(error.code, "db/drifted", "{error}");
                assert!(error.message.contains(told), "{deed}: {error}");
            }
            bench.event(&add("b", "account")).await;
        });
    }
}

/// SQLite: columns keep their order when hands exchange their names, and their types tell that it is no other order.
#[test]
fn columns_that_changed_places_on_sqlite_are_not_taken_for_one_another() {
    let exchange = "ALTER TABLE account RENAME COLUMN name TO way; ALTER TABLE account RENAME COLUMN rank TO name; \
        ALTER TABLE account RENAME COLUMN way TO rank";
    let rank = json!({"id": "r", "type": "field.create", "entity": "account", "field": {"name": "rank", "type": "Int"}});
    let delete =
        json!({"id": "d", "type": "field.delete", "entity": "account", "field": "rank", "dropColumn": true});
    let made = async |dialect| {
        let bench = twins(dialect).await;
        bench.event(&rank).await;
        bench
    };
    after(&[Dialect::Sqlite], made, exchange, async |bench| {
        let error = bench.refused(&delete).await;
        assert_eq!(error.code, "db/drifted", "{error}");
        assert!(
            error.message.contains("the column \"name\" of the table \"account\" is called \"rank\""),
            "{error}"
        );
        bench.event(&json!({"id": "sync", "type": "schema.sync"})).await;
        bench.event(&delete).await;
    });
    // One that was made anew is where it is: its values are gone, and nobody has them.
    let anew = "ALTER TABLE account DROP COLUMN rank; ALTER TABLE account ADD COLUMN rank INTEGER";
    after(&[Dialect::Sqlite], made, anew, async |bench| bench.event(&delete).await);
}
