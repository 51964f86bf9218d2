//! Tables that SQLite makes anew: whatever is in them and around them is there afterwards as it was before, value by
//! value with its type and its rowid; what cannot be kept is refused, with the reason, and nothing has changed.

mod cases;
mod seen;

use hookwright_core::ddl::Dialect as Core;
use hookwright_tests::intents::{change, try_change};
use hookwright_tests::scenario::Dialect;
use hookwright_tests::world::{TestHost, World, runtime};
use serde_json::json;

use self::cases::{CARRIED, CHANGES, Change, EXTRAS, Extra, IMPOSSIBLE, REFUSED, ROWS, column, on, table};
use self::seen::Seen;
use crate::session::Session;

#[test]
fn a_table_made_anew_keeps_all_that_is_in_it_and_around_it() {
    let (count, wrong) = runtime().block_on(async {
        let home = TestHost::start().await;
        let (mut count, mut wrong) = (0, Vec::new());
        for extra in EXTRAS {
            for asked in CHANGES {
                let org = format!("o{count}");
                wrong.extend(
                    kept(&home, &org, extra, asked)
                        .await
                        .err()
                        .map(|e| format!("{}, {}: {e}", extra.name, asked.name)),
                );
                count += 1;
            }
        }
        (count, wrong)
    });
    println!("{count} tables made anew");
    assert!(wrong.is_empty(), "{} are not kept:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn what_a_table_made_anew_would_lose_is_refused_and_nothing_changes() {
    let wrong = runtime().block_on(async {
        let home = TestHost::start().await;
        let mut wrong = Vec::new();
        for (number, (name, columns, end)) in REFUSED.iter().enumerate() {
            let world = World::add(&home, &format!("r{number}"), Dialect::Sqlite, &[]).await;
            let intents = [
                json!({"intent": "create-table", "table": "parent", "columns": [column("id", "Text", false)], "primaryKey": ["id"]}),
                json!({"intent": "create-table", "table": "t", "columns": [column("id", "Text", false), column("word", "Text", true)], "primaryKey": ["id"]}),
            ];
            change(&world, "make", &intents).await;
            let mut session = Session::new(Core::Sqlite, world.org(), &world.url()).await;
            session.must(&format!("DROP TABLE t; CREATE TABLE t ({columns}{end}; INSERT INTO t (id) VALUES (7)")).await;
            let before = Seen::of(&mut session).await;
            let said = try_change(&world, "asked", &[on("set-not-null", json!({"column": "id"})), on("add-check", json!({"name": "some", "expression": "length(id) > 0"}))]).await;
            match said {
                Ok(_) => wrong.push(format!("{name}: made anew, and lost")),
                Err(why) if !why.contains("\"t\"") => wrong.push(format!("{name}: refused without a reason: {why}")),
                Err(_) => {}
            }
            if Seen::of(&mut session).await != before {
                wrong.push(format!("{name}: something changed though it was refused"));
            }
        }
        wrong
    });
    assert!(wrong.is_empty(), "{} are wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn columns_that_the_model_has_no_word_for_are_taken_along() {
    let wrong = runtime().block_on(async {
        let home = TestHost::start().await;
        let mut wrong = Vec::new();
        for (number, (name, columns)) in CARRIED.iter().enumerate() {
            let world = World::add(&home, &format!("c{number}"), Dialect::Sqlite, &[]).await;
            let intents = [
                json!({"intent": "create-table", "table": "parent", "columns": [column("id", "Text", false)], "primaryKey": ["id"]}),
                json!({"intent": "create-table", "table": "t", "columns": [column("id", "Text", false), column("word", "Text", true)], "primaryKey": ["id"]}),
            ];
            change(&world, "make", &intents).await;
            let mut session = Session::new(Core::Sqlite, world.org(), &world.url()).await;
            session.must(&format!("DROP TABLE t; CREATE TABLE t (id TEXT NOT NULL, {columns}\n, PRIMARY KEY (id)); INSERT INTO t (id) VALUES (7), (8)")).await;
            let rows = "SELECT rowid, *, typeof(word) FROM t ORDER BY id";
            let before = session.must(rows).await;
            let asked = [on("add-check", json!({"name": "some", "expression": "length(id) > 0"}))];
            if let Err(why) = try_change(&world, "asked", &asked).await {
                wrong.push(format!("{name}: {why}"));
            }
            if session.must(rows).await != before {
                wrong.push(format!("{name}: rows are others"));
            }
            let text = session.must("SELECT sql FROM sqlite_master WHERE name = 't'").await[0][0].clone();
            let text = text.unwrap_or_default().replace("\"word\"", "word");
            let has = |column: &&str| text.contains(column.split(" --").next().unwrap_or_default());
            if !text.contains("\"some\"") || !columns.split(", ").all(|column| has(&column)) {
                wrong.push(format!("{name}: it is {text}"));
            }
        }
        wrong
    });
    assert!(wrong.is_empty(), "{} are wrong:\n{}", wrong.len(), wrong.join("\n"));
}

/// Makes a change in an organisation of its own.
async fn kept(
    home: &std::sync::Arc<TestHost>,
    org: &str,
    extra: &Extra,
    asked: &Change,
) -> Result<(), String> {
    let world = World::add(home, org, Dialect::Sqlite, &[]).await;
    change(&world, "make", &table()).await;
    let mut session = Session::new(Core::Sqlite, world.org(), &world.url()).await;
    session.must(ROWS).await;
    session.must(extra.sql).await;
    let before = Seen::of(&mut session).await;
    let said = try_change(&world, "asked", &(asked.intents)()).await;
    let after = Seen::of(&mut session).await;
    if IMPOSSIBLE.contains(&(extra.name, asked.name)) {
        return match said {
            Err(why) if why.contains("error in trigger v1in") && after == before => Ok(()),
            other => Err(format!("{other:?}, or something changed")),
        };
    }
    said.map_err(|why| format!("refused: {why}"))?;
    before.is_kept_in(&after, asked)?;
    works(&mut session, asked).await
}

/// Triggers, references and views do what they did.
async fn works(session: &mut Session, asked: &Change) -> Result<(), String> {
    let views = "SELECT name FROM sqlite_master WHERE type = 'view'";
    for row in session.must(views).await {
        let name = row[0].clone().unwrap_or_default();
        session
            .texts(&format!("SELECT * FROM \"{name}\""))
            .await
            .map_err(|e| format!("the view {name}: {}", e.text))?;
    }
    let table = asked.table;
    let delete = format!("DELETE FROM \"{table}\" WHERE id = 'a'");
    session.texts(&delete).await.map_err(|e| format!("{delete}: {}", e.text))?;
    let left = session.must("SELECT count(*) FROM child WHERE t = 'a'").await;
    match left[0][0].as_deref() {
        Some("0") => Ok(()),
        left => Err(format!("{left:?} rows still refer to one that was deleted")),
    }
}
