//! Tables as SQLite people write them: keys that may be NULL, `AUTOINCREMENT`, `STRICT`, `WITHOUT ROWID`. They are taken
//! into the metadata, and a change that makes them anew makes them what they were.

use hookwright::outcome::Status;
use hookwright_tests::scenario::{Dialect, Mode};
use hookwright_tests::world::{TestHost, World, runtime};
use serde_json::json;

use super::bench::{ALLOWED, Bench, told};

async fn old(statements: &str) -> Bench {
    let home = TestHost::start().await;
    let world = World::add(&home, "old", Dialect::Sqlite, &["schema-sync".to_owned()]).await;
    world.sql(statements).await.expect("made");
    let bench = Bench { world };
    let outcome = bench.send(&json!({"id": "all", "type": "schema.adopt", "extras": true}), ALLOWED).await;
    assert_eq!(outcome.status, Status::Applied, "{outcome:#?}");
    for left in &outcome.left {
        assert!(left.message.ends_with("it was taken in as it is, and no field can say that"), "{left:?}");
    }
    bench
}

/// Has the table made anew, and gives its text.
async fn remade(bench: &Bench) -> String {
    let change = json!({"id": "change", "type": "field.update", "entity": "note", "field": "body",
        "changes": {"type": "String", "length": 90}});
    let planned = bench.send(&change, Mode { dry_run: true, ..ALLOWED }).await;
    assert_eq!(planned.status, Status::Planned, "{:#?}", planned.reasons);
    bench.event(&change).await;
    let text =
        bench.world.rows("SELECT sql FROM sqlite_master WHERE name = 'note'").await.expect("rows").concat();
    let sql: Vec<_> = planned.statements.iter().map(|s| s.sql.clone()).collect();
    assert!(text.contains("length(\"body\") <= 90"), "{text} {sql:#?}");
    text
}

#[test]
fn a_key_that_may_be_null_is_taken_in_and_then_required() {
    runtime().block_on(async {
        let bench =
            old("CREATE TABLE note (id TEXT PRIMARY KEY, body TEXT); INSERT INTO note VALUES ('a', 'x')")
                .await;
        let drift = bench.drift().await;
        assert_eq!(told(&drift.findings), ["drift/nullability note.id"]);
        let finding = bench.told(&drift.findings[0]);
        assert!(
            finding.message.ends_with("it was taken in as it is, and no field can say that"),
            "{finding:?}"
        );
        assert_eq!(
            (finding.adopt.as_deref(), finding.repair.as_str()),
            (None, "hookwright sync --org old --entity note --field id")
        );
        remade(&bench).await;
        assert_eq!(told(&bench.drift().await.findings), ["drift/nullability note.id"]);
        bench.event(&json!({"id": "sync", "type": "schema.sync", "entity": "note", "field": "id"})).await;
        assert_eq!(told(&bench.drift().await.findings), Vec::<String>::new());
        bench.world.sql("INSERT INTO note VALUES (NULL, 'y')").await.expect_err("it is required");
        assert_eq!(bench.world.rows("SELECT id, body FROM note").await.expect("rows").len(), 1);
    });
}

#[test]
fn what_a_table_is_besides_stays() {
    for (text, kept) in [
        ("id INTEGER PRIMARY KEY AUTOINCREMENT, body TEXT)", "AUTOINCREMENT"),
        ("id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, body TEXT) STRICT", "AUTOINCREMENT"),
        ("id INTEGER NOT NULL PRIMARY KEY, body TEXT) strict", ") STRICT"),
        ("id TEXT PRIMARY KEY, body TEXT) WITHOUT  ROWID, STRICT", ") WITHOUT ROWID, STRICT"),
        ("id TEXT, at INTEGER, body TEXT, PRIMARY KEY (id, at)) without rowid", ") WITHOUT ROWID"),
    ] {
        runtime().block_on(async {
            println!("{text}");
            let values = if text.contains("at INTEGER") { "'1', 5, 'x'" } else { "1, 'x'" };
            let bench = old(&format!("CREATE TABLE note ({text}; INSERT INTO note VALUES ({values})")).await;
            assert_eq!(told(&bench.drift().await.findings), Vec::<String>::new());
            let made = remade(&bench).await;
            assert!(made.contains(kept), "{made}");
            assert_eq!(told(&bench.drift().await.findings), Vec::<String>::new());
            assert_eq!(bench.world.rows("SELECT id, body FROM note").await.expect("rows").len(), 1);
        });
    }
}

/// Numbers of rows that are gone are not given again.
#[test]
fn a_key_is_counted_on() {
    runtime().block_on(async {
        let bench = old(
            "CREATE TABLE note (id INTEGER PRIMARY KEY AUTOINCREMENT, body TEXT); INSERT INTO note (body) VALUES ('a'), ('b'), ('c'); \
                DELETE FROM note WHERE id > 1",
        )
        .await;
        remade(&bench).await;
        bench.hand("INSERT INTO note (body) VALUES ('d')").await;
        let ids = bench.world.rows("SELECT group_concat(id) FROM note").await.expect("rows").concat();
        assert!(ids.contains("1,4"), "{ids}");
    });
}
