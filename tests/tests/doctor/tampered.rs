//! Bookkeeping that others changed by hand: it is noticed, nothing is done meanwhile, and it is said what it is, what that
//! means and what to do. Nothing of it is put right by itself.

use std::sync::Arc;

use hookwright::api::SubmitOptions;
use hookwright::error::Error;
use hookwright::host::Host;
use hookwright::outcome::Status;
use hookwright_core::event::Change;
use hookwright_tests::on_both;
use hookwright_tests::plain_role::PlainRole;
use hookwright_tests::scenario::{Dialect, Mode};
use hookwright_tests::world::{TestHost, World, runtime};
use serde_json::{Value as Json, json};

use super::cause::{is_clear, trouble};

on_both! {
    rows_of_metadata_and_model_are_changed_by_hand
    a_serving_host_notices_before_its_next_change
    what_hands_put_back_is_as_it_was
    the_revision_or_the_ledger_is_changed_by_hand
    holes_in_the_ledger
    tables_and_columns_of_the_bookkeeping_are_dropped
    what_works_without_a_table_is_told
    a_row_that_does_not_parse
    a_newer_version_is_the_only_trouble
    a_serving_host_notices_a_newer_version
    triggers_and_indexes_that_are_gone_come_back
}

fn event(id: &str, entity: &str) -> Json {
    let fields = json!([{"name": "id", "type": "Int", "nullable": false, "primaryKey": true},
        {"name": "note", "type": "Text"}]);
    json!({"id": id, "type": "entity.create", "entity": {"name": entity, "fields": fields}})
}

/// A host with an organisation of three changes.
struct Scene {
    home: Arc<TestHost>,
    world: World,
}

impl Scene {
    async fn new(dialect: Dialect) -> Self {
        let home = TestHost::start().await;
        let world = World::add(&home, "acme", dialect, &["schema-sync".to_owned()]).await;
        for (id, entity) in [("e-1", "account"), ("e-2", "invoice"), ("e-3", "contact")] {
            let sent = world.send(&event(id, entity).to_string(), Mode::default()).await;
            assert_eq!(sent.unwrap_or_else(|e| panic!("{e}")).status, Status::Applied);
        }
        Self { home, world }
    }

    /// One that hands have been at.
    async fn after(dialect: Dialect, hand: &str) -> Self {
        let scene = Self::new(dialect).await;
        scene.by_hand(hand).await;
        scene
    }

    /// A name of the bookkeeping on this database.
    fn named(&self, text: &str) -> String {
        match self.world.dialect() {
            Dialect::Postgres => text.to_owned(),
            Dialect::Sqlite => text.replace("hookwright.", "hookwright_"),
        }
    }

    async fn by_hand(&self, sql: &str) {
        self.world.sql(&self.named(sql)).await.unwrap_or_else(|e| panic!("{sql}: {e}"));
    }

    /// A host that knows nothing of the organisation yet.
    async fn another(&self) -> Host {
        Host::start(self.home.host().config().clone()).await.unwrap()
    }

    async fn submit(&self, host: &Host, id: &str) -> Result<Status, Error> {
        let change = Change::from_json(event(id, &id.replace('-', "_"))).unwrap();
        Ok(host.submit(self.world.org(), change, SubmitOptions::default()).await?.status)
    }

    /// A change of either host and the doctor say it, each once; gives the error.
    async fn told(&self, code: &str) -> Error {
        let host = self.another().await;
        let error = self.submit(&host, "e-9").await.expect_err(code);
        assert_eq!(error.code, code, "{error}; {}", error.help);
        let serving = self.submit(self.home.host(), "e-9").await.expect_err(code);
        assert_eq!((&serving.code, &serving.message), (&error.code, &error.message));
        let examined = host.examine(self.world.org(), false).await.unwrap();
        assert!(!examined.well);
        let found = trouble(&examined, code);
        assert_eq!(found.found, error.message, "{examined:#?}");
        let all = examined.checks.iter().flat_map(|check| &check.troubles);
        assert_eq!(all.filter(|trouble| trouble.found == found.found).count(), 1, "{examined:#?}");
        error
    }
}

async fn rows_of_metadata_and_model_are_changed_by_hand(dialect: Dialect) {
    const HAND: [(&str, &str, &str); 7] = [
        (
            "UPDATE hookwright.field SET name = 'remark' WHERE position = 1 AND name = 'note'",
            "hookwright.field 6 rows are there as before",
            "edited the field \"invoice.note\"",
        ),
        (
            "UPDATE hookwright.field SET position = position + 1 WHERE position = 1 AND name = 'note'",
            "hookwright.field 6 rows are there as before",
            "edited the field \"invoice.note\"",
        ),
        (
            "DELETE FROM hookwright.field WHERE name = 'note'",
            "hookwright.field 3 rows are there, and it left 6",
            "deleted the field \"account.note\", deleted the field \"contact.note\", deleted the field \"invoice.note\"",
        ),
        (
            "UPDATE hookwright.entity SET name = 'bill' WHERE name = 'invoice'",
            "hookwright.entity 3 rows are there as before",
            "edited the entity \"invoice\"",
        ),
        (
            "INSERT INTO hookwright.entity (org, id, name, spec) VALUES ('acme', 'mine', 'mine', '{}')",
            "hookwright.entity 4 rows are there, and it left 3",
            "added the entity \"mine\"",
        ),
        (
            "DELETE FROM hookwright.model WHERE name = 'invoice'",
            "hookwright.model 2 rows are there, and it left 3",
            "deleted the model of the table \"invoice\"",
        ),
        (
            "UPDATE hookwright.model SET definition = (SELECT definition FROM hookwright.model WHERE name = 'invoice') \
             WHERE name = 'account'",
            "hookwright.model 3 rows are there as before",
            "edited the model of the table \"account\"",
        ),
    ];
    for (sql, what, rows) in HAND {
        let scene = Scene::after(dialect, sql).await;
        let error = scene.told("db/bookkeeping-changed").await;
        assert!(error.message.contains(&scene.named(what)), "{sql}: {error}");
        assert!(error.message.contains(rows), "{sql}: {error}");
        assert!(error.help.contains("hookwright org accept acme"), "{}", error.help);
    }
}

/// In the statement by which it claims its turn; a look at what would be done sees it, too.
async fn a_serving_host_notices_before_its_next_change(dialect: Dialect) {
    let scene = Scene::after(dialect, "DELETE FROM hookwright.field WHERE name = 'note'").await;
    let (host, org) = (scene.home.host(), scene.world.org());
    let error = scene.submit(host, "e-4").await.expect_err("the fields are gone");
    assert_eq!(error.code, "db/bookkeeping-changed", "{error}");
    let found = trouble(&host.examine(org, false).await.unwrap(), "db/bookkeeping-changed").clone();
    assert_eq!(found.found, error.message);
    assert_eq!(scene.another().await.org_accept(org).await.unwrap(), Some(found.found));
    assert_eq!(host.org_accept(org).await.unwrap(), None);
    assert!(!host.drift(org).await.unwrap().findings.is_empty(), "what follows from it is told");
    let examined = host.examine(org, false).await.unwrap();
    assert!(is_clear(&examined, "records"), "{examined:#?}");
    assert_eq!(scene.submit(host, "e-4").await.unwrap(), Status::Applied);
}

async fn what_hands_put_back_is_as_it_was(dialect: Dialect) {
    let rename = |from, to| format!("UPDATE hookwright.entity SET name = '{to}' WHERE name = '{from}'");
    let scene = Scene::after(dialect, &rename("invoice", "bill")).await;
    scene.submit(scene.home.host(), "e-4").await.expect_err("it has another name");
    scene.by_hand(&rename("bill", "invoice")).await;
    assert_eq!(scene.submit(scene.home.host(), "e-4").await.unwrap(), Status::Applied);
    assert_eq!(scene.submit(&scene.another().await, "e-5").await.unwrap(), Status::Applied);
}

async fn the_revision_or_the_ledger_is_changed_by_hand(dialect: Dialect) {
    const HAND: [(&str, &str); 4] = [
        ("UPDATE hookwright.org SET revision = 2", "is at revision 2, and its ledger"),
        ("UPDATE hookwright.org SET revision = 7", "is at revision 7, and its ledger"),
        ("DELETE FROM hookwright.change", "has no change of it"),
        ("DELETE FROM hookwright.event", "knows no event"),
    ];
    for (sql, what) in HAND {
        let scene = Scene::after(dialect, sql).await;
        let error = scene.told("db/ledger-changed").await;
        assert!(error.message.contains(what), "{sql}: {error}");
        if sql.starts_with("UPDATE") {
            scene.by_hand("UPDATE hookwright.org SET revision = 3").await;
            assert_eq!(scene.submit(scene.home.host(), "e-5").await.unwrap(), Status::Applied);
        }
    }
}

/// Only the doctor goes through the whole ledger.
async fn holes_in_the_ledger(dialect: Dialect) {
    for (sql, what) in [
        ("DELETE FROM hookwright.change WHERE revision = 2", "has 2 rows for 3 changes"),
        ("DELETE FROM hookwright.event WHERE event_id = 'e-2'", "has no event for 1 change"),
    ] {
        let scene = Scene::after(dialect, sql).await;
        let examined = scene.home.host().examine(scene.world.org(), false).await.unwrap();
        let found = trouble(&examined, "db/ledger-changed");
        assert!(found.found.contains(what), "{found:?}");
    }
}

async fn tables_and_columns_of_the_bookkeeping_are_dropped(dialect: Dialect) {
    for (sql, what) in [
        ("DROP TABLE hookwright.change", "the table hookwright.change"),
        ("DROP TABLE hookwright.org", "the table hookwright.org"),
        ("DROP TABLE hookwright.meta", "the table hookwright.meta"),
        ("DROP TABLE hookwright.tombstone", "the table hookwright.tombstone"),
        ("ALTER TABLE hookwright.change DROP COLUMN outcome", "the column \"outcome\" of hookwright.change"),
        ("ALTER TABLE hookwright.entity DROP COLUMN spec", "the column \"spec\" of hookwright.entity"),
    ] {
        let scene = Scene::after(dialect, sql).await;
        let host = scene.another().await;
        let examined = host.examine(scene.world.org(), false).await.unwrap();
        let found = trouble(&examined, "db/bookkeeping");
        assert!(found.found.ends_with(&format!("lacks {}", scene.named(what))), "{found:?}");
        let restored = match dialect {
            Dialect::Postgres => "pg_restore --list BACKUP | grep -E ' hookwright (",
            Dialect::Sqlite => "sqlite3 BACKUP '.dump hookwright_",
        };
        assert!(found.next.contains(restored), "{found:?}");
        assert_eq!(found.next.contains("DROP TABLE "), what.contains("column"), "{found:?}");
        assert_eq!(examined.checks.iter().flat_map(|c| &c.troubles).count(), 1, "{examined:#?}");
        if !sql.contains("tombstone") {
            for host in [&host, scene.home.host()] {
                let error = scene.submit(host, "e-9").await.expect_err(sql);
                assert_eq!((error.code.as_str(), &error.message), ("db/bookkeeping", &found.found), "{sql}");
            }
        }
    }
}

/// Where the doctor says that changes are made, they are; and the other way round.
async fn what_works_without_a_table_is_told(dialect: Dialect) {
    let parts: &[&str] = match dialect {
        Dialect::Postgres => &["hand", "held", "step", "tombstone", "held_event", "fence"],
        Dialect::Sqlite => &["tombstone", "hand", "held", "held_event"],
    };
    for part in parts {
        let scene = Scene::after(dialect, &format!("DROP TABLE hookwright.{part}")).await;
        let host = scene.another().await;
        let examined = host.examine(scene.world.org(), false).await.unwrap();
        let found = trouble(&examined, "db/bookkeeping");
        assert!(!found.means.contains("events that are sent again would be made twice"), "{found:?}");
        for host in [&host, scene.home.host()] {
            let sent = scene.submit(host, if host.is_new() { "e-8" } else { "e-9" }).await;
            match found.means.contains("changes that do not need it are made as before") {
                true => assert_eq!(sent.unwrap(), Status::Applied, "{part}"),
                false => assert_eq!(sent.expect_err(part).code, "db/bookkeeping"),
            }
        }
        let whole =
            ["held_event", "fence"].contains(part) || dialect == Dialect::Sqlite && *part != "tombstone";
        assert_eq!(found.means.contains("nothing is done"), whole, "{part}: {found:?}");
    }
}

/// What the bookkeeping's triggers need is missing: it is not taken for a trigger of others.
#[test]
fn a_column_is_dropped_where_triggers_lack_their_table() {
    runtime().block_on(async {
        let scene = Scene::after(Dialect::Sqlite, "DROP TABLE hookwright.hand").await;
        let event = json!({"id": "e-9", "type": "field.delete", "entity": "invoice", "field": "note", "dropColumn": true});
        let mode = Mode { allow_destructive: true, ..Mode::default() };
        let error = scene.world.send(&event.to_string(), mode).await.expect_err("the triggers do not work");
        assert_eq!(error.code, "db/bookkeeping", "{error}");
        assert!(error.message.ends_with("lacks the table hookwright_hand"), "{error}");
    });
}

async fn a_row_that_does_not_parse(dialect: Dialect) {
    let edit = "UPDATE hookwright.field SET spec = '{\"name\": 7}' WHERE name = 'note'";
    let error = Scene::after(dialect, edit).await.told("db/bookkeeping").await;
    assert!(error.message.contains("does not parse"), "{error}");
}

async fn a_newer_version_is_the_only_trouble(dialect: Dialect) {
    let newer = "INSERT INTO hookwright.meta VALUES (99); ALTER TABLE hookwright.change RENAME TO changes";
    let scene = Scene::after(dialect, newer).await;
    let examined = scene.another().await.examine(scene.world.org(), false).await.unwrap();
    trouble(&examined, "db/newer");
    assert!(is_clear(&examined, "privileges") && !is_clear(&examined, "bookkeeping"), "{examined:#?}");
    assert_eq!(examined.checks.iter().flat_map(|c| &c.troubles).count(), 1, "{examined:#?}");
}

async fn a_serving_host_notices_a_newer_version(dialect: Dialect) {
    let scene = Scene::after(dialect, "INSERT INTO hookwright.meta VALUES (99)").await;
    let error = scene.submit(scene.home.host(), "e-4").await.expect_err("it is newer");
    assert_eq!(error.code, "db/newer", "{error}");
    assert!(error.message.contains("version 99"), "{error}");
    scene.by_hand("DELETE FROM hookwright.meta WHERE version = 99").await;
    assert_eq!(scene.submit(scene.home.host(), "e-4").await.unwrap(), Status::Applied);
}

/// Dropped, switched off, or gone with a table that was put back by itself.
async fn triggers_and_indexes_that_are_gone_come_back(dialect: Dialect) {
    let (hand, parts) = match dialect {
        Dialect::Postgres => (
            "DROP TRIGGER touch ON hookwright.field; ALTER TABLE hookwright.model DISABLE TRIGGER touch_all; DROP INDEX hookwright.change_revision",
            [
                "the index \"change_revision\" of hookwright.change",
                "the trigger \"touch\" of hookwright.field",
                "the trigger \"touch_all\" of hookwright.model",
            ],
        ),
        Dialect::Sqlite => (
            "DROP TRIGGER hookwright.field_UPDATE; DROP INDEX hookwright.change_revision",
            [
                "the index \"hookwright_change_revision\" of hookwright_change",
                "the trigger \"hookwright_field_UPDATE\" of hookwright_field",
                "the trigger \"hookwright_entity_DELETE\" of hookwright_entity",
            ],
        ),
    };
    let scene = Scene::after(dialect, hand).await;
    if dialect == Dialect::Sqlite {
        let made =
            scene.world.rows("SELECT sql FROM sqlite_master WHERE name = 'hookwright_entity'").await.unwrap();
        let back = format!(
            "CREATE TABLE aside AS SELECT * FROM hookwright_entity; DROP TABLE hookwright_entity; {}; INSERT INTO hookwright_entity SELECT * FROM aside; DROP TABLE aside",
            made.concat()
        );
        scene.world.sql(&back).await.unwrap();
    }
    let (host, org) = (scene.home.host(), scene.world.org());
    assert_eq!(scene.submit(&scene.another().await, "e-4").await.unwrap(), Status::Applied);
    let examined = host.examine(org, false).await.unwrap();
    assert!(!examined.well);
    let found = trouble(&examined, "db/bookkeeping-parts").clone();
    assert!(parts.iter().all(|part| found.found.contains(part)), "{found:?}");
    assert!(found.next.ends_with("hookwright doctor --org acme --fix"), "{found:?}");
    host.fix(org, &found.fix.expect("it is the host's own")).await.unwrap();
    assert!(is_clear(&host.examine(org, false).await.unwrap(), "records"));
    assert_eq!(scene.submit(host, "e-5").await.unwrap(), Status::Applied);
    scene.by_hand("UPDATE hookwright.field SET name = 'remark' WHERE position = 1 AND name = 'note'").await;
    let error = scene.submit(host, "e-6").await.expect_err("it is noted again");
    assert!(error.message.contains("edited the field \"account.note\""), "{error}");
}

/// A role that may not read one of the tables is told which, and what to run.
#[test]
fn a_table_of_the_bookkeeping_may_not_be_read() {
    runtime().block_on(async {
        let role = PlainRole::create().await;
        let name = role.name();
        let take = "ALTER TABLE hookwright.change OWNER TO CURRENT_USER; REVOKE ALL ON hookwright.change FROM PUBLIC";
        role.admin(&format!("{take}, \"{name}\"")).await;
        let grant = format!("GRANT SELECT, INSERT, UPDATE, DELETE ON TABLE hookwright.change TO \"{name}\"");
        let error = role.submit(&event("e-1", "account")).await.expect_err("denied");
        assert_eq!(error.code, "db/denied", "{error}");
        assert!(error.message.contains("the table hookwright.change"), "{error}");
        assert!(error.help.contains(&grant), "{}", error.help);
        let examined = role.examine().await;
        assert!(trouble(&examined, "db/denied").next.contains(&grant), "{examined:#?}");
        assert_eq!(examined.checks.iter().flat_map(|c| &c.troubles).count(), 1, "{examined:#?}");
        role.admin(&grant).await;
        role.submit(&event("e-1", "account")).await.unwrap_or_else(|e| panic!("{e}"));
        role.close().await;
    });
}
