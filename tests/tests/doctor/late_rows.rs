//! C11: rows that the look at them could not see, since they are committed while the change waits for its lock. The database
//! alone refuses them, and it is told whose they are.

use hookwright::api::SubmitOptions;
use hookwright_core::event::Change;
use hookwright_tests::scenario::{Dialect, Mode};
use hookwright_tests::world::{TestHost, World, runtime};
use serde_json::{Value as Json, json};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};

/// The value of a row that was there, of one that is late, what is changed of the field, what the database says of it, and
/// which rows are told.
const CASES: [(&str, &str, &str, &str, &str); 4] = [
    (
        "'twice'",
        "'twice'",
        r#"{"unique": true}"#,
        "SQLSTATE 23505",
        "2 rows of \"invoice\" share \"note\" (for example \"twice\")",
    ),
    (
        "'text'",
        "NULL",
        r#"{"nullable": false}"#,
        "SQLSTATE 23502",
        "1 row of \"invoice\" leaves \"note\" NULL (such as the one with the key \"2\")",
    ),
    (
        "'7'",
        "'no number'",
        r#"{"type": "Int"}"#,
        "SQLSTATE 22P02",
        "1 row of \"invoice\" has a value of \"note\" without a counterpart in Int (for example \"no number\")",
    ),
    (
        "'short'",
        "'long, longer'",
        r#"{"type": "String", "length": 5}"#,
        "SQLSTATE 22001",
        "1 row of \"invoice\" has a value of \"note\" without a counterpart in String(5) (for example \"long, longer\")",
    ),
];

async fn world(dialect: Dialect) -> World {
    let home = TestHost::start().await;
    let world = World::add(&home, "acme", dialect, &["schema-sync".to_owned()]).await;
    let fields = json!([{"name": "id", "type": "Int", "nullable": false, "primaryKey": true},
        {"name": "note", "type": "Text"}]);
    let event =
        json!({"id": "e-1", "type": "entity.create", "entity": {"name": "invoice", "fields": fields}});
    world.send(&event.to_string(), Mode::default()).await.unwrap_or_else(|e| panic!("{e}"));
    world
}

fn event(changes: &str) -> Json {
    let changes: Json = serde_json::from_str(changes).unwrap();
    json!({"id": "e-9", "type": "field.update", "entity": "invoice", "field": "note", "changes": changes})
}

#[test]
fn rows_that_came_too_late_are_told_with_their_field() {
    runtime().block_on(async {
        for (first, late, changes, said, rows) in CASES {
            let world = world(Dialect::Postgres).await;
            world.sql(&format!("INSERT INTO acme.invoice (id, note) VALUES (1, {first})")).await.unwrap();
            let mut other = PgConnection::connect(&world.url()).await.unwrap();
            let insert = format!("BEGIN; INSERT INTO acme.invoice (id, note) VALUES (2, {late})");
            other.execute(AssertSqlSafe(insert)).await.unwrap();
            let (host, org, change) = (world.host().clone(), world.org().clone(), event(changes));
            let options = SubmitOptions { confirm: true, ..SubmitOptions::default() };
            let sent =
                tokio::spawn(async move { host.submit(&org, Change::from_json(change).unwrap(), options).await });
            let mut watching = PgConnection::connect(&world.url()).await.unwrap();
            let waits = "SELECT EXISTS (SELECT FROM pg_locks l JOIN pg_class c ON c.oid = l.relation WHERE NOT l.granted AND c.relname = 'invoice')";
            while !sqlx::query_scalar::<_, bool>(waits).fetch_one(&mut watching).await.unwrap() {
                assert!(!sent.is_finished(), "it did not wait");
            }
            other.execute("COMMIT").await.unwrap();
            let error = sent.await.unwrap().expect_err("the row does not fit");
            assert_eq!(error.code, "db/constraint", "{error}");
            assert!(error.message.starts_with("entity \"invoice\", field \"note\": "), "{error}");
            assert!(error.message.contains(said) && error.message.ends_with(rows), "{error}");
            assert!(error.help.starts_with("correct them"), "{}", error.help);
        }
    });
}

/// A row that a trigger writes within the change's transaction is as late as one can be; it is gone when it is looked for.
#[test]
fn rows_that_came_too_late_for_sqlite_are_told_with_their_field() {
    const CASES: [(&str, &str, &str); 3] = [
        ("'twice'", r#"{"unique": true}"#, "UNIQUE constraint failed: invoice.note"),
        ("NULL", r#"{"nullable": false}"#, "NOT NULL constraint failed: invoice.note"),
        ("'long, longer'", r#"{"type": "String", "length": 5}"#, "such as \"long, longer\": it came after"),
    ];
    runtime().block_on(async {
        for (late, changes, said) in CASES {
            let world = world(Dialect::Sqlite).await;
            let first = "INSERT INTO invoice (id, note) VALUES (1, 'twice')";
            let trigger = format!(
                "{first}; CREATE TRIGGER late AFTER UPDATE OF claimed ON hookwright_org WHEN NEW.claimed = 1 \
                 BEGIN INSERT INTO invoice (id, note) VALUES (2, {late}); END"
            );
            world.sql(&trigger).await.unwrap();
            let options = SubmitOptions { confirm: true, ..SubmitOptions::default() };
            let change = Change::from_json(event(changes)).unwrap();
            let error =
                world.host().submit(world.org(), change, options).await.expect_err("the row does not fit");
            assert_eq!(error.code, "db/constraint", "{error}");
            assert!(error.message.starts_with("entity \"invoice\", field \"note\": "), "{error}");
            assert!(error.message.contains(said), "{error}");
            assert!(!error.help.contains("named"), "{}", error.help);
        }
    });
}

/// One that refers to nothing, too: SQLite itself says no more than that there is one.
#[test]
fn a_late_row_without_a_counterpart_is_told_with_its_number() {
    runtime().block_on(async {
        let world = world(Dialect::Sqlite).await;
        let account = json!({"id": "e-2", "type": "entity.create", "entity": {"name": "account", "fields": [
            {"name": "id", "type": "Text", "nullable": false, "primaryKey": true}]}});
        world.send(&account.to_string(), Mode::default()).await.unwrap();
        let trigger = "CREATE TRIGGER late AFTER UPDATE OF claimed ON hookwright_org WHEN NEW.claimed = 1 \
             BEGIN INSERT INTO invoice (id, note) VALUES (2, 'nobody'); END";
        world.sql(trigger).await.unwrap();
        let refer = event(r#"{"references": {"table": "account", "column": "id"}}"#);
        let options = SubmitOptions { confirm: true, ..SubmitOptions::default() };
        let change = Change::from_json(refer).unwrap();
        let error = world.host().submit(world.org(), change, options).await.expect_err("it refers to nothing");
        let told = "entity \"invoice\", field \"note\": 1 row of the table \"invoice\" would refer to rows of \"account\" that do not exist (such as those with the rowid 2)";
        assert_eq!((error.code.as_str(), error.message.as_str()), ("db/constraint", told));
    });
}
