//! Databases that lose their history, or get another one, while a host serves them: nothing is done there, and it is
//! said why.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use hookwright::api::{OrgOptions, Page, SubmitOptions};
use hookwright::error::Error;
use hookwright::host::Host;
use hookwright::outcome::Status;
use hookwright_core::event::Change;
use hookwright_tests::process::{Process, binary, hookwright};
use hookwright_tests::scenario::{Dialect, Mode};
use hookwright_tests::world::{TestHost, World, runtime};
use serde_json::json;

use super::cause::trouble;

async fn world(home: &Arc<TestHost>, org: &str, dialect: Dialect) -> World {
    let world = World::add(home, org, dialect, &["schema-sync".to_owned()]).await;
    create(&world, "e-1", "invoice").await;
    world
}

fn event(id: &str, entity: &str) -> String {
    let fields = json!([{"name": "id", "type": "Int", "nullable": false, "primaryKey": true}]);
    json!({"id": id, "type": "entity.create", "entity": {"name": entity, "fields": fields}}).to_string()
}

async fn create(world: &World, id: &str, entity: &str) {
    let outcome = world.send(&event(id, entity), Mode::default()).await.unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(outcome.status, Status::Applied);
}

async fn refused(world: &World, id: &str, entity: &str, code: &str) -> Error {
    let error = world.send(&event(id, entity), Mode::default()).await.expect_err(code);
    assert_eq!(error.code, code, "{error}; {}", error.help);
    error
}

fn file(world: &World) -> PathBuf {
    PathBuf::from(world.url().trim_start_matches("sqlite:").trim_start_matches("//"))
}

/// Writes one file's contents over another's, which stays the same file.
fn copy_over(from: &Path, to: &Path) {
    std::fs::write(to, std::fs::read(from).unwrap()).unwrap();
}

#[test]
fn bookkeeping_is_taken_away_from_a_serving_host() {
    runtime().block_on(async {
        for sql in ["DELETE FROM hookwright.org", "DROP SCHEMA hookwright CASCADE"] {
            let home = TestHost::start().await;
            let world = world(&home, "acme", Dialect::Postgres).await;
            world.sql(sql).await.unwrap();
            let error = refused(&world, "e-2", "account", "db/history-gone").await;
            assert!(error.help.contains("restore it from a backup"), "{}", error.help);
            let told = home.host().entities(world.org()).await.expect_err("there are none");
            assert_eq!(told.code, "db/history-gone", "{told}");
            trouble(&home.host().examine(world.org(), false).await.unwrap(), "db/history-gone");
            let made = world.rows("SELECT tablename::text FROM pg_tables WHERE schemaname = 'acme'").await;
            assert_eq!(made.unwrap().len(), 1, "something was made");
        }
    });
}

/// In its place no empty tables are made.
#[test]
fn a_schema_gets_another_name() {
    runtime().block_on(async {
        let home = TestHost::start().await;
        let world = world(&home, "acme", Dialect::Postgres).await;
        world.sql("ALTER SCHEMA acme RENAME TO elsewhere").await.unwrap();
        let told = home.host().drift(world.org()).await.expect_err("there is nothing to compare");
        assert_eq!(told.code, "db/no-schema", "{told}");
        let other = Host::start(home.host().config().clone()).await.unwrap();
        let change = Change::parse(event("e-2", "account").as_bytes()).unwrap();
        let told = other.submit(world.org(), change, SubmitOptions::default()).await.expect_err("it is gone");
        assert_eq!(told.code, "db/no-schema", "{told}");
        let back = "ALTER SCHEMA \"elsewhere\" RENAME TO \"acme\"";
        assert!(told.help.ends_with(back), "{}", told.help);
        trouble(&other.examine(world.org(), false).await.unwrap(), "db/no-schema");
        let made = world.rows("SELECT nspname::text FROM pg_namespace WHERE nspname = 'acme'").await.unwrap();
        assert!(made.is_empty(), "it was made anew");
        world.sql("ALTER SCHEMA elsewhere RENAME TO acme").await.unwrap();
        create(&world, "e-3", "contact").await;
        assert_eq!(world.in_step().await.unwrap(), []);
    });
}

#[test]
fn the_version_of_the_bookkeeping_is_gone() {
    runtime().block_on(async {
        for (dialect, gone) in [
            (Dialect::Postgres, "DELETE FROM hookwright.meta"),
            (Dialect::Sqlite, "DELETE FROM hookwright_meta"),
        ] {
            let home = TestHost::start().await;
            let world = world(&home, "acme", dialect).await;
            world.sql(gone).await.unwrap();
            let other = Host::start(home.host().config().clone()).await.unwrap();
            let change = Change::parse(event("e-2", "account").as_bytes()).unwrap();
            let told =
                other.submit(world.org(), change, SubmitOptions::default()).await.expect_err("it is gone");
            assert_eq!(told.code, "db/bookkeeping", "{told}");
            trouble(&other.examine(world.org(), false).await.unwrap(), "db/bookkeeping");
        }
    });
}

/// Removed and added by another host, as somebody follows the advice: that is another organisation of the same name.
#[test]
fn an_organisation_is_begun_anew() {
    runtime().block_on(async {
        let home = TestHost::start().await;
        let world = world(&home, "acme", Dialect::Postgres).await;
        create(&world, "e-2", "account").await;
        world.sql("DROP SCHEMA acme CASCADE; DROP SCHEMA hookwright CASCADE").await.unwrap();
        refused(&world, "e-3", "contact", "db/history-gone").await;
        let other = Host::start(home.host().config().clone()).await.unwrap();
        other.org_remove(world.org()).await.unwrap();
        other.org_add(world.org(), &world.url(), OrgOptions::default()).await.unwrap();
        create(&world, "e-1", "invoice").await;
        assert_eq!(world.in_step().await.unwrap(), []);
    });
}

#[test]
fn the_file_of_another_organisation_is_copied_over() {
    runtime().block_on(async {
        let home = TestHost::start().await;
        let world = world(&home, "acme", Dialect::Sqlite).await;
        let other = self::world(&home, "other", Dialect::Sqlite).await;
        copy_over(&file(&other), &file(&world));
        let error = refused(&world, "e-2", "account", "db/history-gone").await;
        assert!(error.message.contains("history of the organisation \"other\""), "{error}");
        let told = home.host().entities(world.org()).await.expect_err("they are another's");
        assert_eq!(told.code, "db/history-gone", "{told}");
        let page = Page { before: None, limit: 9 };
        let told = home.host().changes(world.org(), page).await.expect_err("they are another's");
        assert_eq!(told.code, "db/history-gone", "{told}");
    });
}

#[test]
fn a_file_is_put_back_under_a_serving_host() {
    runtime().block_on(async {
        let home = TestHost::start().await;
        let world = world(&home, "acme", Dialect::Sqlite).await;
        let (path, aside) = (file(&world), tempfile::tempdir().unwrap());
        let (before, after) = (aside.path().join("before"), aside.path().join("after"));
        copy_over(&path, &before);
        create(&world, "e-2", "account").await;
        copy_over(&path, &after);
        copy_over(&before, &path);
        let error = refused(&world, "e-3", "contact", "db/other-history").await;
        assert!(error.message.contains("is at revision 1 of a history without the change c-"), "{error}");
        // Asked again, and of what it knows already, it says the same.
        refused(&world, "e-2", "account", "db/other-history").await;
        trouble(&home.host().examine(world.org(), false).await.unwrap(), "db/other-history");
        copy_over(&after, &path);
        create(&world, "e-3", "contact").await;
        assert_eq!(world.in_step().await.unwrap(), []);
    });
}

/// As many changes, and not the same ones.
#[test]
fn a_file_with_another_history_of_the_same_length() {
    runtime().block_on(async {
        let (home, aside) = (TestHost::start().await, tempfile::tempdir().unwrap());
        let world = world(&home, "acme", Dialect::Sqlite).await;
        let (path, before) = (file(&world), aside.path().join("before"));
        copy_over(&path, &before);
        // Another host goes on with the copy.
        let beside = TestHost::start().await;
        let url = format!("sqlite:{}", before.display());
        beside.host().org_add(world.org(), &url, OrgOptions::default()).await.unwrap();
        let change = Change::parse(event("x-2", "deal").as_bytes()).unwrap();
        beside.host().submit(world.org(), change, SubmitOptions::default()).await.unwrap();
        create(&world, "e-2", "account").await;
        copy_over(&before, &path);
        let error = refused(&world, "e-3", "contact", "db/other-history").await;
        assert!(error.message.contains("is at revision 2 of a history without the change c-"), "{error}");
    });
}

/// Whoever closes a file last takes its log away; as long as the host has it open, nobody else does.
#[test]
fn another_program_looks_at_the_file() {
    // Building it may take longer than a connection is kept.
    binary();
    runtime().block_on(async {
        let home = TestHost::start().await;
        let world = world(&home, "acme", Dialect::Sqlite).await;
        assert!(home.host().examine(world.org(), false).await.unwrap().well);
        let (control, aside) = (&home.host().config().control.database, tempfile::tempdir().unwrap());
        let mut doctor = hookwright(aside.path(), ["doctor", "--org", "acme"]);
        let ended = Process::spawn(doctor.env("HOOKWRIGHT_CONTROL__DATABASE", control)).wait();
        assert!(ended.status.success(), "{ended:?}");
        let log = PathBuf::from(format!("{}-wal", file(&world).display()));
        assert!(log.exists(), "the log that the host writes was taken away");
        create(&world, "e-2", "account").await;
    });
}
