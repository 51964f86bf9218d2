//! Privileges that are missing and sessions that hold tables, on a real PostgreSQL: what a dry run and a change tell.

use hookwright_core::event::Change;
use hookwright_core::ident::OrgName;
use serde_json::{Value as Json, json};
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions, Connection};

use crate::api::{OrgOptions, SubmitOptions};
use crate::cli::print;
use crate::config::Config;
use crate::db::gate::Script;
use crate::error::Error;
use crate::executor::testing::fresh_postgres;
use crate::host::Host;
use crate::outcome::{Outcome, Status, Warning};
use hookwright_core::ddl::Dialect;

/// A role that owns nothing but what it makes, and sees nothing of other roles' sessions.
const ROLE: &str = "DO $$ BEGIN CREATE ROLE hookwright_facts LOGIN PASSWORD 'facts'; \
    EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$; ";
const PLAIN: (&str, &str) = ("hookwright_facts", "facts");

/// A host, and a database that may be another role's.
struct Bench {
    host: Host,
    org: OrgName,
    address: String,
    directory: tempfile::TempDir,
}

impl Bench {
    /// The organisation with an entity `account` and an entity `invoice`.
    async fn new(role: Option<(&str, &str)>, lock_timeout_ms: u32) -> Self {
        let address = fresh_postgres().await;
        let directory = tempfile::tempdir().expect("a directory");
        let host = host(&directory, "control.db", lock_timeout_ms).await;
        let org = OrgName::parse("acme").expect("a name");
        let bench = Self { host, org, address, directory };
        let mut url: PgConnectOptions = bench.address.parse().expect("an address");
        if let Some((name, password)) = role {
            bench.sql(ROLE).await;
            let database = url.get_database().expect("a database").to_owned();
            bench.grant(&database, name).await;
            url = url.username(name).password(password);
        }
        let url = url.to_url_lossy();
        bench.host.org_add(&bench.org, url.as_str(), OrgOptions::default()).await.expect("added");
        for name in ["account", "invoice"] {
            let id = json!({"name": "id", "type": "Int", "nullable": false, "primaryKey": true});
            let entity = json!({"name": name, "fields": [id]});
            let event = json!({"id": format!("e-{name}"), "type": "entity.create", "entity": entity});
            assert_eq!(bench.send(&event, false).await.expect("sent").status, Status::Applied);
        }
        bench
    }

    async fn session(&self) -> PgConnection {
        PgConnection::connect(&self.address).await.expect("connected")
    }

    async fn sql(&self, sql: &'static str) {
        run(&mut self.session().await, sql).await;
    }

    async fn grant(&self, database: &str, role: &str) {
        let mut script = Script::of(Dialect::Postgres, "GRANT CREATE ON DATABASE ");
        script.identifier(database).sql(" TO ").identifier(role);
        script.postgres(&mut self.session().await).await.expect("granted");
    }

    async fn send(&self, event: &Json, dry_run: bool) -> Result<Outcome, Error> {
        send(&self.host, &self.org, event, dry_run).await
    }

    async fn warnings(&self, event: &Json) -> Vec<Warning> {
        let outcome = self.send(event, true).await.expect("worked out");
        assert_eq!((outcome.status, outcome.statements.is_empty()), (Status::Planned, false), "{outcome:?}");
        outcome.warnings
    }
}

async fn host(directory: &tempfile::TempDir, control: &str, lock_timeout_ms: u32) -> Host {
    let mut config = Config::default();
    config.control.database = directory.path().join(control);
    config.database.lock_timeout_ms = lock_timeout_ms;
    Host::start(config).await.expect("started")
}

async fn send(host: &Host, org: &OrgName, event: &Json, dry_run: bool) -> Result<Outcome, Error> {
    let change = Change::parse(event.to_string().as_bytes()).expect("an event");
    host.submit(org, change, SubmitOptions { dry_run, ..SubmitOptions::default() }).await
}

async fn run(session: &mut PgConnection, sql: &'static str) {
    Script::of(Dialect::Postgres, sql).postgres(session).await.expect("run");
}

fn field(id: &str, more: &Json) -> Json {
    let mut field = json!({"name": format!("f_{}", id.replace('-', "_")), "type": "Int"});
    field.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    json!({"id": id, "type": "field.create", "entity": "invoice", "field": field})
}

#[tokio::test]
async fn a_dry_run_names_who_holds_a_table() {
    let bench = Bench::new(None, 20).await;
    let mut session = bench.session().await;
    let hold = "SET application_name = 'report'; BEGIN; SELECT * FROM acme.invoice; SELECT pg_sleep(0.05)";
    run(&mut session, hold).await;
    let event = field("e-1", &json!({}));
    let found = bench.warnings(&event).await;
    let [warning] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!((warning.code.as_str(), warning.table.as_deref()), ("db/busy-table", Some("invoice")));
    assert_eq!(warning.lock.as_deref(), Some("ACCESS EXCLUSIVE"));
    let [holder] = warning.sessions.as_slice() else { panic!("{warning:?}") };
    assert_eq!((holder.application.as_str(), holder.lock.as_str()), ("report", "AccessShareLock"));
    assert_eq!((holder.state.as_str(), holder.seconds.is_some()), ("idle in transaction", true));
    assert!(warning.help.contains(&format!("SELECT pg_terminate_backend({})", holder.pid)), "{warning:?}");

    let outcome = bench.send(&event, true).await.expect("worked out");
    let text = print::outcome(&outcome, None);
    assert!(text.contains("db/busy-table") && text.contains("has to wait for session"), "{text}");
    let json = serde_json::to_value(&outcome).expect("JSON");
    assert_eq!(json["warnings"][0]["sessions"][0]["pid"], holder.pid);

    // A reader keeps no reader, and no foreign key, waiting.
    let refers = json!({"references": {"table": "account", "column": "id"}});
    let tables: Vec<_> = bench.warnings(&field("e-2", &refers)).await.into_iter().map(|w| w.table).collect();
    assert_eq!(tables, [Some("invoice".to_owned())]);
    let patient = host(&bench.directory, "other.db", 60_000).await;
    patient.org_add(&bench.org, &bench.address, OrgOptions::default()).await.expect("added");
    let young = send(&patient, &bench.org, &event, true).await.expect("worked out");
    assert_eq!(young.warnings, []);
    run(&mut session, "COMMIT").await;
    assert_eq!(bench.warnings(&event).await, []);
}

#[tokio::test]
async fn where_nothing_is_seen_of_other_sessions_it_looks_twice() {
    let bench = Bench::new(Some(PLAIN), 20).await;
    let mut session = bench.session().await;
    run(&mut session, "BEGIN; SELECT * FROM acme.invoice").await;
    let found = bench.warnings(&field("e-1", &json!({}))).await;
    let holders: Vec<_> =
        found.iter().flat_map(|w| &w.sessions).map(|s| (s.state.as_str(), s.seconds)).collect();
    assert_eq!(holders, [("?", None)]);
    run(&mut session, "COMMIT").await;
    assert_eq!(bench.warnings(&field("e-1", &json!({}))).await, []);
}

#[tokio::test]
async fn a_missing_privilege_is_told_with_what_mends_it() {
    let bench = Bench::new(Some(PLAIN), 100).await;
    let event = field("e-1", &json!({}));
    bench.sql("ALTER TABLE acme.invoice OWNER TO CURRENT_USER").await;
    let mend = "ALTER TABLE \"acme\".\"invoice\" OWNER TO \"hookwright_facts\"";
    let planned = bench.send(&event, true).await.expect("worked out");
    let [reason] = planned.reasons.as_slice() else { panic!("{planned:?}") };
    assert_eq!((planned.status, reason.code.as_str()), (Status::Held, "db/denied"));
    assert!(
        reason.message.contains("only its owner may alter it") && reason.help.contains(mend),
        "{reason:?}"
    );
    assert!(!planned.statements.is_empty());

    // One host learns it from the database, which takes everything back; one that begins later knows it before.
    let late = host(&bench.directory, "late.db", 100).await;
    let mut url: PgConnectOptions = bench.address.parse().expect("an address");
    url = url.username(PLAIN.0).password(PLAIN.1);
    late.org_add(&bench.org, url.to_url_lossy().as_str(), OrgOptions::default()).await.expect("added");
    for host in [&bench.host, &late] {
        let error = send(host, &bench.org, &event, false).await.expect_err("refused");
        assert_eq!(error.code, "db/denied");
        assert!(error.help.contains(mend), "{error:?}");
        let replayed = json!({"id": "e-account", "type": "entity.create", "entity": {"name": "account", "fields": [
            {"name": "id", "type": "Int", "nullable": false, "primaryKey": true}]}});
        let replayed = send(host, &bench.org, &replayed, false).await.expect("answered");
        assert_eq!(replayed.status, Status::Replayed);
    }
    bench.sql("ALTER TABLE acme.invoice OWNER TO hookwright_facts").await;
    assert_eq!(send(&late, &bench.org, &event, false).await.expect("sent").status, Status::Applied);
}

#[tokio::test]
async fn a_table_that_may_not_be_referred_to_is_told_too() {
    let bench = Bench::new(Some(PLAIN), 100).await;
    bench.sql("ALTER TABLE acme.account OWNER TO CURRENT_USER; INSERT INTO acme.invoice VALUES (1)").await;
    let event = field("e-1", &json!({"references": {"table": "account", "column": "id"}}));
    let error = bench.send(&event, false).await.expect_err("refused");
    let mend = "GRANT SELECT, REFERENCES ON TABLE \"acme\".\"account\" TO \"hookwright_facts\"";
    assert!(error.code == "db/denied" && error.help.contains(mend), "{error:?}");
    bench.sql("GRANT SELECT, REFERENCES ON TABLE acme.account TO hookwright_facts").await;
    assert_eq!(bench.send(&event, false).await.expect("sent").status, Status::Applied);
}

#[tokio::test]
async fn a_schema_that_was_taken_away_is_told_too() {
    let bench = Bench::new(Some(PLAIN), 100).await;
    bench
        .sql("ALTER SCHEMA acme OWNER TO CURRENT_USER; GRANT USAGE ON SCHEMA acme TO hookwright_facts")
        .await;
    let other = json!({"id": "e-1", "type": "entity.create", "entity": {"name": "other", "fields": [
        {"name": "id", "type": "Int", "nullable": false, "primaryKey": true}]}});
    let mend = "GRANT CREATE ON SCHEMA \"acme\" TO \"hookwright_facts\"";
    let planned = bench.send(&other, true).await.expect("worked out");
    assert!(planned.reasons.first().is_some_and(|reason| reason.help.contains(mend)), "{planned:?}");
    let error = bench.send(&other, false).await.expect_err("refused");
    assert!(error.code == "db/denied" && error.help.contains(mend), "{error:?}");
}
