//! C11: rows that the look at them could not see, since they are committed while the change waits for its lock. The database
//! alone refuses them, and it is told whose they are.

use hookwright::api::SubmitOptions;
use hookwright_core::event::Change;
use hookwright_tests::scenario::{Dialect, Mode};
use hookwright_tests::world::{TestHost, World, runtime};
use serde_json::{Value as Json, json};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};

/// A row that is late, what is changed of the field, and what the database says of it.
const CASES: [(&str, &str, &str); 3] = [
    ("'twice'", r#"{"unique": true}"#, "SQLSTATE 23505"),
    ("NULL", r#"{"nullable": false}"#, "SQLSTATE 23502"),
    ("'no number'", r#"{"type": "Int"}"#, "SQLSTATE 22P02"),
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

/// Rows of before are no trouble: the first of them is there already.
const FIRST: [&str; 3] = ["'twice'", "'text'", "'7'"];

#[test]
fn rows_that_came_too_late_are_told_with_their_field() {
    runtime().block_on(async {
        for ((late, changes, said), first) in CASES.into_iter().zip(FIRST) {
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
            assert!(error.message.contains(said), "{error}");
        }
    });
}
