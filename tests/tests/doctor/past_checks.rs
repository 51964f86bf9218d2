//! C11: rows of SQLite that were written past what their table demands. A change that meets them says which they are, and so
//! does the doctor.

use hookwright_tests::scenario::{Dialect, Mode};
use hookwright_tests::world::{TestHost, World, runtime};
use serde_json::{Value as Json, json};

use super::cause::{is_clear, trouble};

async fn world() -> World {
    let home = TestHost::start().await;
    let world = World::add(&home, "acme", Dialect::Sqlite, &["schema-sync".to_owned()]).await;
    let fields = json!([{"name": "id", "type": "Int", "nullable": false, "primaryKey": true},
        {"name": "word", "type": "String", "length": 5}, {"name": "sum", "type": "Decimal", "precision": 5, "scale": 2},
        {"name": "kind", "type": "Enum", "values": ["a", "b"]}]);
    let event =
        json!({"id": "e-1", "type": "entity.create", "entity": {"name": "invoice", "fields": fields}});
    world.send(&event.to_string(), Mode::default()).await.unwrap_or_else(|e| panic!("{e}"));
    world
}

/// One that makes the table anew, and one that has SQLite look at the rows.
fn changes() -> [Json; 2] {
    [
        json!({"id": "e-2", "type": "field.update", "entity": "invoice", "field": "sum", "changes": {"scale": 1, "precision": 8}}),
        json!({"id": "e-3", "type": "field.create", "entity": "invoice", "field": {"name": "short", "type": "String", "length": 9}}),
    ]
}

#[test]
fn rows_that_break_a_check_of_before_are_told() {
    const HANDS: [(&str, &str, &str); 2] = [
        (
            "PRAGMA ignore_check_constraints = ON; INSERT INTO invoice (id, word) VALUES (7, 'too long'), (8, 'longer')",
            "2 rows of the table \"invoice\" (keys \"7\", \"8\") do not meet the type String(5) of \"word\"",
            "SELECT * FROM \"invoice\" WHERE NOT (length(\"word\") <= 5)",
        ),
        (
            "PRAGMA ignore_check_constraints = ON; INSERT INTO invoice (id, kind) VALUES (7, 'c')",
            "1 row of the table \"invoice\" (key \"7\") does not meet the type Enum of 2 values of \"kind\"",
            "SELECT * FROM \"invoice\" WHERE NOT (\"kind\" IN ('a', 'b'))",
        ),
    ];
    runtime().block_on(async {
        for (hand, told, shown) in HANDS {
            let world = world().await;
            world.sql(hand).await.unwrap();
            let examined = world.host().examine(world.org(), true).await.unwrap();
            let found = trouble(&examined, "rows/against-check");
            assert_eq!(found.found, told);
            assert!(found.next.starts_with(&format!("see them: {shown};")), "{found:?}");
            for event in changes() {
                let mode = Mode { confirm: true, allow_destructive: true, ..Mode::default() };
                let error = world.send(&event.to_string(), mode).await.expect_err("rows stand against it");
                assert_eq!(error.code, "db/constraint", "{error}");
                assert!(error.message.ends_with(told), "{error}");
                assert!(error.help.starts_with(&format!("see them: {shown};")), "{}", error.help);
            }
            world.sql("DELETE FROM invoice").await.unwrap();
            assert!(is_clear(&world.host().examine(world.org(), true).await.unwrap(), "contents"));
            for event in changes() {
                let mode = Mode { confirm: true, allow_destructive: true, ..Mode::default() };
                world.send(&event.to_string(), mode).await.unwrap_or_else(|e| panic!("{e}"));
            }
            assert_eq!(world.in_step().await.unwrap(), []);
        }
    });
}
