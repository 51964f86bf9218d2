//! SQL where a plugin may write text: it stays text, or is refused; it never runs.

use hookwright::config::Config;
use hookwright::outcome::Status;
use hookwright_tests::dump::dump;
use hookwright_tests::scenario::Dialect;
use hookwright_tests::world::{TestHost, World, runtime};
use serde_json::{Value as Json, json};

use super::bench::{PLAIN, entity};

const ATTACK: &str = "x'); DROP TABLE account; --\"; $$ \\";

/// Text that is kept as it is.
fn kept() -> Vec<Json> {
    let column =
        json!({"name": "kept", "ty": {"type": "Text"}, "default": {"text": ATTACK}, "comment": ATTACK});
    let of_values = json!({"name": "state", "ty": {"type": "Enum", "values": ["a", ATTACK]}});
    vec![
        json!({"intent": "set-comment", "table": "account", "comment": ATTACK}),
        json!({"intent": "add-column", "table": "account", "column": column}),
        json!({"intent": "add-column", "table": "account", "column": of_values}),
    ]
}

/// Text that is no name, no expression, or no value.
fn refused() -> Vec<Json> {
    let check = |expression: &str| json!({"intent": "add-check", "table": "account", "name": "c", "expression": expression});
    let column = |name: &str| json!({"name": name, "ty": {"type": "Int"}});
    let index = json!({"intent": "create-index", "table": "account", "keys": [{"column": "id"}], "where": "1 = 1; DROP TABLE account"});
    let generated = json!({"name": "g", "ty": {"type": "Int"}, "generated": "(SELECT 1 FROM account)"});
    vec![
        check("true); DROP TABLE account; --"),
        check("id IN (SELECT id FROM account)"),
        check("pg_sleep(10) IS NULL"),
        check("lo_import('/etc/passwd') = 1"),
        check("load_extension('evil')"),
        json!({"intent": "add-column", "table": "account", "column": column("a\"; DROP TABLE account; --")}),
        json!({"intent": "add-column", "table": "account", "column": generated}),
        json!({"intent": "rename-table", "table": "account", "to": "b; DROP TABLE account"}),
        json!({"intent": "backfill", "table": "account", "column": "kept", "value": {"literal": {"text": "x"}}, "where": "1 = 1; DROP TABLE account"}),
        index,
    ]
}

/// An organisation with the table `account`, whose plugin asks for these, each with an event of its own: `w0`, `w1`, ….
async fn world(dialect: Dialect, wishes: &[Json]) -> World {
    let by_event: serde_json::Map<_, _> =
        wishes.iter().enumerate().map(|(n, wish)| (format!("w{n}"), json!([wish]))).collect();
    let plugins = ["schema-sync".to_owned(), format!("wishes {}", Json::from(by_event))];
    let mut config = Config::default();
    config.suspension.faults = 1_000;
    let world = World::add(&TestHost::with(None, config).await, "acme", dialect, &plugins).await;
    world.send(&entity("first", "account").to_string(), PLAIN).await.unwrap();
    world
}

#[test]
fn text_stays_text() {
    for dialect in [Dialect::Postgres, Dialect::Sqlite] {
        runtime().block_on(async {
            let wishes = kept();
            let world = world(dialect, &wishes).await;
            for (number, wish) in wishes.iter().enumerate() {
                let event = entity(&format!("w{number}"), &format!("t{number}"));
                let outcome = world.send(&event.to_string(), PLAIN).await.unwrap();
                assert_eq!(outcome.status, Status::Applied, "{wish}: {:#?}", outcome.reasons);
            }
            let id = "00000000-0000-0000-0000-000000000001";
            world.sql(&format!("INSERT INTO account (id) VALUES ('{id}')")).await.unwrap();
            let rows = world.rows("SELECT kept FROM account").await.unwrap();
            assert!(rows.len() == 1 && rows[0].contains("DROP TABLE account; --"), "{rows:?}");
            assert!(world.in_step().await.unwrap().is_empty());
        });
    }
}

#[test]
fn what_is_no_text_is_refused() {
    for dialect in [Dialect::Postgres, Dialect::Sqlite] {
        runtime().block_on(async {
            let wishes = refused();
            let world = world(dialect, &wishes).await;
            let before = dump(&world).await;
            for (number, wish) in wishes.iter().enumerate() {
                let event = entity(&format!("w{number}"), &format!("t{number}"));
                let code = world.send(&event.to_string(), PLAIN).await.expect_err("refused").code;
                assert!(
                    ["plugin/malformed", "policy/"].iter().any(|c| code.starts_with(c)),
                    "{wish}: {code}"
                );
            }
            assert_eq!(dump(&world).await, before);
        });
    }
}
