//! C2, C6, C8, C9, C12 and C13: what is wrong within a database that answers.

use std::io::BufRead;
use std::process::Stdio;
use std::sync::Arc;

use hookwright::api::{PluginOptions, SubmitOptions};
use hookwright::doctor::Examined;
use hookwright::host::Host;
use hookwright::trouble::Severity;
use hookwright_core::event::Change;
use hookwright_tests::plain_role::PlainRole;
use hookwright_tests::plugin_path;
use hookwright_tests::scenario::{Dialect, Mode};
use hookwright_tests::world::{TestHost, World, runtime};
use serde_json::json;
use sqlx::{Connection, Executor, PgConnection};

use super::cause::{is_clear, trouble};

const BOTH: [Dialect; 2] = [Dialect::Postgres, Dialect::Sqlite];

async fn world(home: &Arc<TestHost>, dialect: Dialect) -> World {
    let world = World::add(home, "acme", dialect, &["schema-sync".to_owned()]).await;
    let events = json!([
        {"id": "e-1", "type": "entity.create", "entity": {"name": "account", "fields": [
            {"name": "id", "type": "Int", "nullable": false, "primaryKey": true}]}},
        {"id": "e-2", "type": "entity.create", "entity": {"name": "invoice", "fields": [
            {"name": "id", "type": "Int", "nullable": false, "primaryKey": true},
            {"name": "note", "type": "Text"}, {"name": "extra", "type": "Json"},
            {"name": "account", "type": "Int", "references": {"table": "account", "column": "id", "onDelete": "SET NULL"}}]}}]);
    world.send(&events.to_string(), Mode::default()).await.unwrap_or_else(|e| panic!("{e}"));
    world
}

async fn examine(world: &World, contents: bool) -> Examined {
    world.host().examine(world.org(), contents).await.unwrap_or_else(|e| panic!("{e}"))
}

#[test]
fn an_organisation_that_is_well() {
    runtime().block_on(async {
        for dialect in BOTH {
            let home = TestHost::start().await;
            let world = world(&home, dialect).await;
            let examined = examine(&world, true).await;
            assert!(examined.well, "{examined:#?}");
            for check in
                ["database", "privileges", "tables", "sessions", "changes", "schema", "others", "contents"]
            {
                assert!(is_clear(&examined, check), "{check}: {examined:#?}");
            }
        }
    });
}

#[test]
fn drift_references_and_other_tools() {
    runtime().block_on(async {
        for dialect in BOTH {
            let home = TestHost::start().await;
            let world = world(&home, dialect).await;
            let prefix = if dialect == Dialect::Postgres { "acme." } else { "" };
            world.sql(&format!("ALTER TABLE {prefix}invoice RENAME COLUMN note TO remark")).await.unwrap();
            world.sql(&format!("CREATE TABLE {prefix}_prisma_migrations (id integer)")).await.unwrap();
            let examined = examine(&world, false).await;
            assert!(!examined.well);
            let drift = trouble(&examined, "drift/renamed-column");
            assert!(
                drift.next.contains("hookwright sync --org acme --entity invoice --field note"),
                "{drift:?}"
            );
            let reference = trouble(&examined, "index/reference");
            assert!(reference.found.contains("\"invoice\" (account) to \"account\""), "{reference:?}");
            // Neither of its plugins makes indexes.
            assert!(
                reference.next.contains("hookwright plugin build plugins/index-advisor"),
                "{reference:?}"
            );
            let tool = trouble(&examined, "schema/another-tool");
            assert!(tool.found.starts_with("Prisma ") && tool.severity == Severity::Note, "{tool:?}");
        }
    });
}

#[test]
fn contents_that_programs_stumble_over() {
    runtime().block_on(async {
        let home = TestHost::start().await;
        let world = world(&home, Dialect::Postgres).await;
        world
            .sql("INSERT INTO acme.invoice (id, note) VALUES (1, '{\"a\": 1'), (2, '{\"a\": \"\\u0000\"}'), (3, '{\"a\": 1}'), (4, 'text')")
            .await
            .unwrap();
        let examined = examine(&world, true).await;
        assert!(trouble(&examined, "rows/invalid-json").found.starts_with("1 row (key 1) of \"invoice.note\""));
        assert!(trouble(&examined, "rows/nul").found.starts_with("1 row (key 2) of \"invoice.note\""));
        assert!(!examine(&world, false).await.checks.iter().any(|check| check.check == "contents"));
        // Another file than it has, which is not there: as good as a page that cannot be read. It holds no text.
        world.sql("SET allow_system_table_mods = on; UPDATE pg_class SET relfilenode = 99999999 WHERE oid = 'acme.account'::regclass").await.unwrap();
        let found = trouble(&examine(&world, true).await, "rows/unreadable").clone();
        assert!(found.found.starts_with("the rows of the table \"account\" cannot all be read: "), "{found:?}");
        assert!(found.next.ends_with("verify_heapam('\"acme\".\"account\"')"), "{found:?}");
        let change = r#"{"id": "e-8", "type": "field.create", "entity": "account", "field": {"name": "x", "type": "Int", "unique": true}}"#;
        let error = world.send(change, Mode::default()).await.expect_err("it cannot be read");
        assert_eq!(error.code, "rows/unreadable", "{error}");
        let said = found.found.split_once(": ").unwrap().1;
        let told = format!("a table of the organisation \"acme\" cannot be read to its end: {said}");
        assert_eq!(error.message, told);
        assert!(error.help.starts_with(&found.means) && error.help.contains("doctor --org acme --contents"), "{}", error.help);
        let home = TestHost::start().await;
        let world = self::world(&home, Dialect::Sqlite).await;
        world.sql("PRAGMA ignore_check_constraints = ON; INSERT INTO invoice (id, extra, note) VALUES (7, '{', 'a' || char(0) || 'b')").await.unwrap();
        let examined = examine(&world, true).await;
        assert!(trouble(&examined, "rows/invalid-json").found.starts_with("1 row (key 7) of \"invoice.extra\""));
        assert!(trouble(&examined, "rows/nul").found.starts_with("1 row (key 7) of \"invoice.note\""));
    });
}

/// A page in the middle of the table, which a host meets that has not read it yet.
#[test]
fn a_damaged_page_is_told_by_whatever_meets_it() {
    runtime().block_on(async {
        let home = TestHost::start().await;
        let world = world(&home, Dialect::Sqlite).await;
        let many = "INSERT INTO invoice (id, note) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000) SELECT i, 'a note' FROM n; PRAGMA wal_checkpoint(TRUNCATE)";
        world.sql(many).await.unwrap();
        // The table grew last, so the last page of the file is its.
        let page: u64 = world.rows("PRAGMA page_count").await.unwrap()[0].parse().unwrap();
        let path = world.url().trim_start_matches("sqlite:").trim_start_matches("//").to_owned();
        let mut bytes = std::fs::read(&path).unwrap();
        let begin = usize::try_from(page - 1).unwrap() * 4096;
        bytes[begin..begin + 4096].fill(b'x');
        std::fs::write(&path, bytes).unwrap();
        let other = Host::start(home.host().config().clone()).await.unwrap();
        let found = trouble(&other.examine(world.org(), true).await.unwrap(), "rows/unreadable").clone();
        assert!(found.found.starts_with("the rows of the table \"invoice\" cannot all be read: "), "{found:?}");
        let change = json!({"id": "e-8", "type": "field.update", "entity": "invoice", "field": "note", "changes": {"type": "String", "length": 9}});
        let options = SubmitOptions { confirm: true, allow_destructive: true, ..SubmitOptions::default() };
        let change = Change::from_json(change).unwrap();
        let error = other.submit(world.org(), change, options).await.expect_err("it cannot be read");
        assert_eq!(error.code, "db/file-damaged", "{error}");
        assert!(error.message.contains(&path) && error.help.contains(".recover"), "{error}; {}", error.help);
    });
}

#[test]
fn a_session_that_forgot_to_commit() {
    runtime().block_on(async {
        let home = TestHost::start().await;
        let world = world(&home, Dialect::Postgres).await;
        let mut other = PgConnection::connect(&world.url()).await.unwrap();
        other
            .execute("SET application_name = 'crm-app'; BEGIN; LOCK TABLE acme.invoice IN SHARE MODE")
            .await
            .unwrap();
        // It is told once it is older than a change would wait.
        let found = loop {
            let examined = examine(&world, false).await;
            if !is_clear(&examined, "sessions") {
                break trouble(&examined, "db/idle-in-transaction").clone();
            }
        };
        assert!(found.found.contains("crm-app") && found.found.contains("\"invoice\""), "{found:?}");
        assert!(found.next.contains("pg_terminate_backend("), "{found:?}");
        assert_eq!(found.fix, None, "a session of others is never ended");
        other.execute("ROLLBACK").await.unwrap();
        assert!(is_clear(&examine(&world, false).await, "sessions"));
    });
}

#[test]
fn tables_that_belong_to_somebody_else() {
    runtime().block_on(async {
        let role = PlainRole::create().await;
        let event = json!({"id": "e-1", "type": "entity.create", "entity": {"name": "invoice", "fields": [
            {"name": "id", "type": "Int", "nullable": false, "primaryKey": true}]}});
        role.submit(&event).await.unwrap();
        assert!(is_clear(&role.examine().await, "tables"));
        let name = role.name();
        role.admin(&format!(
            "ALTER SCHEMA acme OWNER TO CURRENT_USER; REVOKE ALL ON SCHEMA acme FROM {name}"
        ))
        .await;
        // A host that has not seen the organisation yet cannot make it ready, for the same reason.
        let examined = role.another_host().await.examine(role.org(), false).await.unwrap();
        let denied: Vec<_> = examined.checks.iter().flat_map(|check| &check.troubles).collect();
        assert_eq!(denied.iter().map(|trouble| trouble.code.as_str()).collect::<Vec<_>>(), ["db/denied"]);
        role.admin(&format!(
            "GRANT ALL ON SCHEMA acme TO {name}; ALTER TABLE acme.invoice OWNER TO CURRENT_USER"
        ))
        .await;
        let examined = role.examine().await;
        let denied = trouble(&examined, "db/denied");
        let taken = format!("ALTER TABLE \"acme\".\"invoice\" OWNER TO \"{name}\"");
        assert!(denied.next.contains(&taken), "{denied:?}");
        role.close().await;
    });
}

#[test]
fn settings_that_let_nobody_write() {
    runtime().block_on(async {
        let home = TestHost::start().await;
        let world = world(&home, Dialect::Postgres).await;
        let url = reqwest::Url::parse(&world.url()).unwrap();
        let name = url.path().trim_start_matches('/').to_owned();
        world.sql(&format!("ALTER DATABASE {name} SET default_transaction_read_only = on")).await.unwrap();
        // Settings of a database are for connections to come.
        let other = Host::start(home.host().config().clone()).await.unwrap();
        let examined = other.examine(world.org(), false).await.unwrap();
        let reset = format!("ALTER DATABASE \"{name}\" RESET default_transaction_read_only");
        assert!(trouble(&examined, "db/read-only").next.ends_with(&reset), "{examined:#?}");
        let change = Change::from_json(json!({"id": "e-9", "type": "field.create", "entity": "invoice", "field": {"name": "more", "type": "Int"}}));
        let error = other.submit(world.org(), change.unwrap(), SubmitOptions::default()).await.expect_err("refused");
        assert_eq!(error.code, "db/read-only", "{error}");
        assert!(error.help.ends_with(&reset), "{}", error.help);
        let moved = other.org_update(world.org(), &world.url()).await.expect_err("it takes no writes");
        assert_eq!(moved.code, "db/read-only", "{moved}");
    });
}

#[test]
fn indexes_that_statistics_speak_against() {
    runtime().block_on(async {
        let home = TestHost::start().await;
        let world = world(&home, Dialect::Postgres).await;
        world.sql("INSERT INTO acme.invoice (id) SELECT g FROM generate_series(1, 12000) g; ANALYZE acme.invoice; CREATE INDEX unused ON acme.invoice (note)").await.unwrap();
        let mut reader = PgConnection::connect(&world.url()).await.unwrap();
        for _ in 0..110 {
            reader.execute("SELECT count(*) FROM acme.invoice WHERE note = 'x' || account").await.unwrap();
        }
        // Counts are handed over when a session is idle, at the latest when it ends.
        reader.close().await.unwrap();
        let found = loop {
            let examined = examine(&world, false).await;
            if examined.checks.iter().flat_map(|c| &c.troubles).any(|t| t.code == "index/missing") {
                break examined;
            }
        };
        let missing = trouble(&found, "index/missing");
        assert!(missing.found.contains("\"invoice\""));
        let build = "no plugin of \"acme\" makes indexes there, so install one: hookwright plugin build plugins/index-advisor";
        assert!(missing.next.contains(build), "{missing:?}");
        let (event, _) = missing.next.split_once("echo '").unwrap().1.split_once("' | ").unwrap();
        let unused = trouble(&found, "index/unused");
        assert!(unused.next.ends_with("DROP INDEX CONCURRENTLY \"acme\".\"unused\""), "{unused:?}");
        // What it says works.
        let advisor = std::fs::read(plugin_path("index-advisor")).unwrap();
        home.host().plugin_install(world.org(), advisor, PluginOptions::default()).await.unwrap();
        let mode = Mode { confirm: true, ..Mode::default() };
        let sent = world.send(&event.replace("FIELD", "note"), mode).await.unwrap_or_else(|e| panic!("{e}"));
        home.host().follow(world.org(), &sent.change.unwrap(), |_| {}).await.unwrap();
        let on = "SELECT count(*) FROM pg_indexes WHERE tablename = 'invoice' AND indexdef LIKE '%(note)'";
        // Beside the one that nobody uses.
        assert_eq!(world.rows(on).await.unwrap(), ["2"]);
        let examined = examine(&world, false).await;
        let missing = trouble(&examined, "index/missing");
        assert!(missing.next.contains("have the plugin \"index-advisor\" index the field"), "{missing:?}");
    });
}

#[test]
fn a_change_that_waits() {
    runtime().block_on(async {
        let home = TestHost::start().await;
        let world = world(&home, Dialect::Sqlite).await;
        let delete = json!({"id": "e-3", "type": "field.delete", "entity": "invoice", "field": "note", "dropColumn": true});
        world.send(&delete.to_string(), Mode::default()).await.unwrap_or_else(|e| panic!("{e}"));
        let examined = examine(&world, false).await;
        let held = trouble(&examined, "change/held");
        assert!(held.next.contains("hookwright approve") && held.severity == Severity::Note, "{held:?}");
    });
}

/// Set for the process that locks a file, to its path.
const LOCKED: &str = "HOOKWRIGHT_TEST_LOCKED_FILE";

/// Run by the next test in a process of its own: has a file locked until its input ends.
#[test]
fn a_process_that_locks_a_file() {
    let Some(file) = std::env::var_os(LOCKED) else { return };
    runtime().block_on(async {
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(file);
        let mut connection = sqlx::SqliteConnection::connect_with(&options).await.unwrap();
        connection.execute("BEGIN IMMEDIATE").await.unwrap();
        println!("locked");
        std::io::stdin().read_line(&mut String::new()).unwrap();
        connection.execute("ROLLBACK").await.unwrap();
    });
}

/// SQLite does not say who has the file; the system does.
#[test]
fn a_file_that_another_process_locks() {
    runtime().block_on(async {
        let home = TestHost::start().await;
        let world = world(&home, Dialect::Sqlite).await;
        let file = world.url().trim_start_matches("sqlite:").trim_start_matches("//").to_owned();
        let mut other = std::process::Command::new(std::env::current_exe().unwrap());
        other.args(["within::a_process_that_locks_a_file", "--exact", "--nocapture"]).env(LOCKED, file);
        let mut other = other.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = std::io::BufReader::new(other.stdout.take().unwrap()).lines();
        while !lines.next().expect("it locks the file").unwrap().contains("locked") {}
        let locked = trouble(&examine(&world, false).await, "db/file-locked").clone();
        let process = format!("it is held by the process {} (\"", other.id());
        assert!(locked.found.contains(&process), "{locked:?}");
        let event = r#"{"id": "e-3", "type": "entity.delete", "entity": "invoice"}"#;
        let error = world.send(event, Mode::default()).await.expect_err("the file is locked");
        assert!(error.code == "db/blocked" && error.message.contains(&process), "{error}");
        drop(other.stdin.take());
        other.wait().unwrap();
        assert!(is_clear(&examine(&world, false).await, "sessions"));
    });
}
