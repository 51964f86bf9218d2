//! Bookkeeping that others changed by hand: it is noticed, nothing is done meanwhile, and it is said what it is, what that
//! means and what to do. Nothing of it is put right by itself.

use std::sync::Arc;

use hookwright::api::SubmitOptions;
use hookwright::error::Error;
use hookwright::host::Host;
use hookwright::outcome::Status;
use hookwright_core::event::Change;
use hookwright_tests::postgres::TestDatabase;
use hookwright_tests::scenario::{Dialect, Mode};
use hookwright_tests::world::{TestHost, World, runtime};
use serde_json::json;

use super::cause::{is_clear, trouble};

const BOTH: [Dialect; 2] = [Dialect::Postgres, Dialect::Sqlite];

fn event(id: &str, entity: &str) -> String {
    let fields = json!([{"name": "id", "type": "Int", "nullable": false, "primaryKey": true},
        {"name": "note", "type": "Text"}]);
    json!({"id": id, "type": "entity.create", "entity": {"name": entity, "fields": fields}}).to_string()
}

/// An organisation with three changes.
async fn world(home: &Arc<TestHost>, dialect: Dialect) -> World {
    let world = World::add(home, "acme", dialect, &["schema-sync".to_owned()]).await;
    for (id, entity) in [("e-1", "account"), ("e-2", "invoice"), ("e-3", "contact")] {
        let outcome = world.send(&event(id, entity), Mode::default()).await.unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(outcome.status, Status::Applied);
    }
    world
}

/// By hand, on either database.
async fn by_hand(world: &World, sql: &str) {
    let sql = match world.dialect() {
        Dialect::Postgres => sql.to_owned(),
        Dialect::Sqlite => sql.replace("hookwright.", "hookwright_"),
    };
    world.sql(&sql).await.unwrap_or_else(|e| panic!("{sql}: {e}"));
}

/// A host that knows nothing of the organisation yet.
async fn another(home: &TestHost) -> Host {
    Host::start(home.host().config().clone()).await.unwrap()
}

async fn submit(host: &Host, world: &World, id: &str) -> Result<Status, Error> {
    let change = Change::parse(event(id, &id.replace('-', "_")).as_bytes()).unwrap();
    Ok(host.submit(world.org(), change, SubmitOptions::default()).await?.status)
}

/// Both a change and the doctor say it; gives the error of the change.
async fn told(home: &TestHost, world: &World, code: &str) -> Error {
    let host = another(home).await;
    let error = submit(&host, world, "e-9").await.expect_err(code);
    assert_eq!(error.code, code, "{error}; {}", error.help);
    let examined = host.examine(world.org(), false).await.unwrap();
    assert!(!examined.well);
    let found = trouble(&examined, code);
    assert_eq!(found.found, error.message, "{examined:#?}");
    let all = examined.checks.iter().flat_map(|check| &check.troubles);
    assert_eq!(all.filter(|trouble| trouble.found == found.found).count(), 1, "{examined:#?}");
    error
}

#[test]
fn rows_of_metadata_and_model_are_changed_by_hand() {
    const HAND: [(&str, &str); 6] = [
        (
            "UPDATE hookwright.field SET position = position + 1 WHERE position = 1",
            "field 6 rows are there as before",
        ),
        ("DELETE FROM hookwright.field WHERE name = 'note'", "field 3 rows are there, and it left 6"),
        (
            "UPDATE hookwright.entity SET name = 'bill' WHERE name = 'invoice'",
            "entity 3 rows are there as before",
        ),
        (
            "INSERT INTO hookwright.entity (org, id, name, spec) VALUES ('acme', 'mine', 'mine', '{}')",
            "entity 4 rows are there, and it left 3",
        ),
        ("DELETE FROM hookwright.model WHERE name = 'invoice'", "model 2 rows are there, and it left 3"),
        (
            "UPDATE hookwright.model SET definition = (SELECT definition FROM hookwright.model WHERE name = 'invoice') \
          WHERE name = 'account'",
            "model 3 rows are there as before",
        ),
    ];
    runtime().block_on(async {
        for dialect in BOTH {
            for (sql, what) in HAND {
                let home = TestHost::start().await;
                let world = world(&home, dialect).await;
                by_hand(&world, sql).await;
                let error = told(&home, &world, "db/bookkeeping-changed").await;
                let what = if dialect == Dialect::Sqlite {
                    format!("hookwright_{what}")
                } else {
                    format!("hookwright.{what}")
                };
                assert!(error.message.contains(&what), "{sql}: {error}");
                assert!(error.help.contains("hookwright org accept acme"), "{}", error.help);
            }
        }
    });
}

/// A serving host goes on with what it knows; the next that reads sees that more than changes was at it.
#[test]
fn a_serving_host_covers_nothing_up_and_what_is_there_can_be_accepted() {
    runtime().block_on(async {
        for dialect in BOTH {
            let home = TestHost::start().await;
            let world = world(&home, dialect).await;
            by_hand(&world, "DELETE FROM hookwright.field WHERE name = 'note'").await;
            assert_eq!(submit(home.host(), &world, "e-4").await.unwrap(), Status::Applied);
            told(&home, &world, "db/bookkeeping-changed").await;
            let found =
                trouble(&home.host().examine(world.org(), false).await.unwrap(), "db/bookkeeping-changed")
                    .clone();
            let host = another(&home).await;
            assert_eq!(host.org_accept(world.org()).await.unwrap(), Some(found.found));
            assert_eq!(host.org_accept(world.org()).await.unwrap(), None);
            let drift = another(&home).await.drift(world.org()).await.unwrap();
            assert!(!drift.findings.is_empty(), "what follows from it is told");
            let examined = host.examine(world.org(), false).await.unwrap();
            assert!(is_clear(&examined, "records"), "{examined:#?}");
        }
    });
}

#[test]
fn the_revision_or_the_ledger_is_changed_by_hand() {
    const HAND: [(&str, &str); 4] = [
        ("UPDATE hookwright.org SET revision = 2", "is at revision 2, and its ledger"),
        ("UPDATE hookwright.org SET revision = 7", "is at revision 7, and its ledger"),
        ("DELETE FROM hookwright.change", "has no change of it"),
        ("DELETE FROM hookwright.event", "knows no event"),
    ];
    runtime().block_on(async {
        for dialect in BOTH {
            for (sql, what) in HAND {
                let home = TestHost::start().await;
                let world = world(&home, dialect).await;
                by_hand(&world, sql).await;
                let error = told(&home, &world, "db/ledger-changed").await;
                assert!(error.message.contains(what), "{sql}: {error}");
                // The one that serves meanwhile notices it, too, when it gets there.
                if sql.starts_with("UPDATE") {
                    let error = submit(home.host(), &world, "e-5").await.expect_err("it is amiss");
                    assert_eq!(error.code, "db/ledger-changed", "{error}");
                    by_hand(&world, "UPDATE hookwright.org SET revision = 3").await;
                    assert_eq!(submit(home.host(), &world, "e-5").await.unwrap(), Status::Applied);
                }
            }
        }
    });
}

/// Only the doctor goes through the whole ledger.
#[test]
fn holes_in_the_ledger() {
    runtime().block_on(async {
        for dialect in BOTH {
            for (sql, what) in [
                ("DELETE FROM hookwright.change WHERE revision = 2", "has 2 rows for 3 changes"),
                ("DELETE FROM hookwright.event WHERE event_id = 'e-2'", "has no event for 1 change"),
            ] {
                let home = TestHost::start().await;
                let world = world(&home, dialect).await;
                by_hand(&world, sql).await;
                let examined = home.host().examine(world.org(), false).await.unwrap();
                let found = trouble(&examined, "db/ledger-changed");
                assert!(found.found.contains(what), "{found:?}");
            }
        }
    });
}

#[test]
fn tables_and_columns_of_the_bookkeeping_are_dropped() {
    runtime().block_on(async {
        for dialect in BOTH {
            for (sql, what) in [
                ("DROP TABLE hookwright.change", "the table hookwright.change"),
                ("DROP TABLE hookwright.org", "the table hookwright.org"),
                ("DROP TABLE hookwright.meta", "the table hookwright.meta"),
                ("DROP TABLE hookwright.tombstone", "the table hookwright.tombstone"),
                (
                    "ALTER TABLE hookwright.change DROP COLUMN outcome",
                    "the column \"outcome\" of hookwright.change",
                ),
                (
                    "ALTER TABLE hookwright.entity DROP COLUMN spec",
                    "the column \"spec\" of hookwright.entity",
                ),
            ] {
                let home = TestHost::start().await;
                let world = world(&home, dialect).await;
                by_hand(&world, sql).await;
                let host = another(&home).await;
                let examined = host.examine(world.org(), false).await.unwrap();
                let found = trouble(&examined, "db/bookkeeping");
                let what = if dialect == Dialect::Sqlite {
                    what.replace("hookwright.", "hookwright_")
                } else {
                    what.to_owned()
                };
                assert!(found.found.ends_with(&format!("lacks {what}")), "{found:?}");
                assert_eq!(examined.checks.iter().flat_map(|c| &c.troubles).count(), 1, "{examined:#?}");
                if !sql.contains("tombstone") {
                    let error = submit(&host, &world, "e-9").await.expect_err(sql);
                    assert_eq!(
                        (error.code.as_str(), &error.message),
                        ("db/bookkeeping", &found.found),
                        "{sql}"
                    );
                }
            }
        }
    });
}

#[test]
fn a_row_that_does_not_parse() {
    runtime().block_on(async {
        for dialect in BOTH {
            let home = TestHost::start().await;
            let world = world(&home, dialect).await;
            by_hand(&world, "UPDATE hookwright.field SET spec = '{\"name\": 7}' WHERE name = 'note'").await;
            let error = told(&home, &world, "db/bookkeeping").await;
            assert!(error.message.contains("does not parse"), "{error}");
        }
    });
}

#[test]
fn a_newer_version_is_the_only_trouble() {
    runtime().block_on(async {
        for dialect in BOTH {
            let home = TestHost::start().await;
            let world = world(&home, dialect).await;
            by_hand(&world, "INSERT INTO hookwright.meta VALUES (99)").await;
            by_hand(&world, "ALTER TABLE hookwright.change RENAME TO changes").await;
            let examined = another(&home).await.examine(world.org(), false).await.unwrap();
            trouble(&examined, "db/newer");
            assert!(
                is_clear(&examined, "privileges") && !is_clear(&examined, "bookkeeping"),
                "{examined:#?}"
            );
            assert_eq!(examined.checks.iter().flat_map(|c| &c.troubles).count(), 1, "{examined:#?}");
        }
    });
}

/// A role that may not read one of the tables is told which, and what to run.
#[test]
fn a_table_of_the_bookkeeping_may_not_be_read() {
    runtime().block_on(async {
        let (home, database) = (TestHost::start().await, TestDatabase::create().await);
        let role = format!("hw_reader_{}", database.name());
        let mut session = database.connect().await;
        let run = |sql: String| sqlx::raw_sql(sqlx::AssertSqlSafe(sql));
        let made = format!("CREATE ROLE \"{role}\" LOGIN PASSWORD 'secret'; GRANT CREATE ON DATABASE \"{}\" TO \"{role}\"", database.name());
        run(made).execute(&mut session).await.unwrap();
        let mut url = reqwest::Url::parse(database.url()).unwrap();
        url.set_username(&role).unwrap();
        url.set_password(Some("secret")).unwrap();
        let org = hookwright_tests::org::name("acme");
        let options = hookwright::api::OrgOptions::default();
        let registered = home.host().org_add(&org, url.as_str(), options).await;
        registered.unwrap_or_else(|e| panic!("{e}; {}", e.help));
        let take = "ALTER TABLE hookwright.change OWNER TO CURRENT_USER; REVOKE ALL ON hookwright.change FROM PUBLIC";
        run(format!("{take}, \"{role}\"")).execute(&mut session).await.unwrap();
        let host = another(&home).await;
        let grant = format!("GRANT SELECT, INSERT, UPDATE, DELETE ON TABLE hookwright.change TO \"{role}\"");
        let change = Change::parse(event("e-1", "account").as_bytes()).unwrap();
        let error = host.submit(&org, change.clone(), SubmitOptions::default()).await.expect_err("denied");
        assert_eq!(error.code, "db/denied", "{error}");
        assert!(error.message.contains("the table hookwright.change") && error.help.contains(&grant), "{error}; {}", error.help);
        let examined = host.examine(&org, false).await.unwrap();
        assert!(trouble(&examined, "db/denied").next.contains(&grant), "{examined:#?}");
        assert_eq!(examined.checks.iter().flat_map(|c| &c.troubles).count(), 1, "{examined:#?}");
        run(grant).execute(&mut session).await.unwrap();
        host.submit(&org, change, SubmitOptions::default()).await.unwrap_or_else(|e| panic!("{e}"));
        // Its tables go with the database.
        run(format!("REASSIGN OWNED BY \"{role}\" TO CURRENT_USER; DROP OWNED BY \"{role}\"; DROP ROLE \"{role}\""))
            .execute(&mut session)
            .await
            .unwrap();
    });
}
