//! A bench for tests of `db` and `executor`: an organisation on a database of its own, changed by intents.

use std::collections::BTreeMap;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use hookwright_core::ddl::Dialect;
use hookwright_core::event::Consent;
use hookwright_core::ident::{Ident, OrgName};
use hookwright_core::intent::Intent;
use hookwright_core::plan::Sizes;
use hookwright_core::policy::{ApprovedPlan, Decision, Draft, review};
use hookwright_core::schema::Schema;
use serde_json::Value as Json;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::sqlite::SqliteConnection;
use sqlx::{ConnectOptions, Connection};

use super::{Executed, LedgerEvent, RetryPolicy, Rows, TableRow, TombstoneRows, Work, execute};
use crate::db::gate::Script;
use crate::db::{DbError, DbOptions, Inspected, OrgDb, Pools, without_comments};

/// The server that `tests/run` starts.
const SERVER: &str = "HOOKWRIGHT_TEST_POSTGRES";

/// An organisation with the model that its changes led to.
pub(crate) struct Bench {
    pub(crate) db: OrgDb,
    pub(crate) url: String,
    pub(crate) schema: Schema,
    pub(crate) revision: i64,
    pub(crate) retry: RetryPolicy,
    changes: u32,
    _directory: Option<tempfile::TempDir>,
}

/// Names made unique within the server.
fn unique() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let nanos =
        std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |d| d.as_nanos());
    format!("hookwright_unit_{}_{nanos}_{count}", std::process::id())
}

/// Makes a database on the test server; gives its address.
pub(crate) async fn fresh_postgres() -> String {
    let server = std::env::var(SERVER).unwrap_or_else(|_| panic!("{SERVER} is not set: run ./tests/run"));
    let name = unique();
    let mut connection = PgConnection::connect(&server).await.expect("the test server answers");
    let mut script = Script::new(Dialect::Postgres);
    script.sql("CREATE DATABASE ").identifier(&name).sql(" TEMPLATE template0");
    script.postgres(&mut connection).await.expect("a database is made");
    let options = PgConnectOptions::from_str(&server).expect("an address").database(&name);
    options.to_url_lossy().to_string()
}

pub(crate) fn org() -> OrgName {
    OrgName::parse("acme-corp").expect("a name")
}

pub(crate) fn ident(name: &str) -> Ident {
    Ident::parse(name).expect("a name")
}

impl Bench {
    pub(crate) async fn new(dialect: Dialect) -> Self {
        Self::with(dialect, DbOptions { lock_timeout_ms: 100, ..DbOptions::default() }).await
    }

    pub(crate) async fn with(dialect: Dialect, options: DbOptions) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let url = match dialect {
            Dialect::Postgres => fresh_postgres().await,
            Dialect::Sqlite => format!("sqlite://{}", directory.path().join("org.db").display()),
        };
        let db = OrgDb::connect(&org(), &url, &options, &Pools::default()).expect("an address");
        db.prepare(&RetryPolicy::default()).await.expect("prepared");
        let retry = RetryPolicy {
            base_ms: 5,
            lock_base_ms: 5,
            lock_max_ms: 20,
            lock_attempts: 3,
            ..RetryPolicy::default()
        };
        let schema = Schema::default();
        Self { db, url, schema, revision: 0, retry, changes: 0, _directory: Some(directory) }
    }

    /// An approved plan of these intents, and the schema it leads to.
    pub(crate) fn plan(&self, intents: &[Json]) -> (ApprovedPlan, Schema) {
        let base = Arc::new(self.schema.clone());
        let mut draft = Draft::new(org(), self.db.dialect(), Arc::default(), base);
        for intent in intents {
            let intent: Intent = serde_json::from_value(intent.clone()).expect("an intent");
            draft.propose(&"test".into(), intent).expect("accepted");
        }
        let consent = Consent { confirm: true, allow_destructive: true, dry_run: false };
        let reviewed = review(draft, &BTreeMap::new(), &Sizes::default(), consent);
        match reviewed.decision {
            Decision::Execute(plan) => (plan, reviewed.schema),
            other => panic!("{other:?}"),
        }
    }

    /// The next change, with one event.
    pub(crate) fn work<'a>(&mut self, plan: &'a ApprovedPlan, schema: &Schema) -> Work<'a> {
        self.changes += 1;
        let event =
            LedgerEvent { id: format!("e-{}", self.changes), digest: "d".into(), body_json: "{}".into() };
        let stays = |name: &&Ident| schema.tables.contains_key(*name) || schema.buried.contains_key(*name);
        let gone = self.schema.tables.keys().chain(self.schema.buried.keys()).filter(|name| !stays(name));
        Work {
            org: org(),
            revision: self.revision,
            touched: 0,
            previous: None,
            change_id: format!("c-{}", self.changes),
            actor: Some("it's \\ me".into()),
            correlation_id: None,
            events: vec![event],
            plan,
            rows: Rows::default(),
            gone_tables: gone.cloned().collect(),
            tables: rows(schema),
            as_recorded: true,
            tombstones: TombstoneRows::default(),
            kept: crate::db::Kept::default(),
            undo_json: "{}".into(),
            rolls_back: Vec::new(),
            summary_json: r#"{"s":"it's \\ \u0000"}"#.into(),
            outcome_json: r#"{"o":1}"#.into(),
            approval: None,
            until: None,
            finish: Vec::new(),
        }
    }

    pub(crate) async fn try_change(&mut self, intents: &[Json]) -> Result<Executed, DbError> {
        let (plan, schema) = self.plan(intents);
        let work = self.work(&plan, &schema);
        let executed = execute(&self.db, work, &self.retry.clone()).await?;
        if let Executed::Applied(_) = executed {
            self.schema = schema;
            self.revision += 1;
        }
        Ok(executed)
    }

    /// Makes a change and checks that the database is then what the model says.
    pub(crate) async fn change(&mut self, intents: &[Json]) {
        let executed = self.try_change(intents).await.expect("executed");
        assert!(matches!(executed, Executed::Applied(_)), "{executed:?}");
        self.in_step().await;
    }

    /// Checks that the database is what the model says; gives what else is there.
    pub(crate) async fn in_step(&self) -> Inspected {
        let inspected = self.db.inspect(None).await.expect("inspected");
        let wanted = match self.db.dialect() {
            Dialect::Postgres => self.schema.physical(),
            Dialect::Sqlite => without_comments(&self.schema.physical()),
        };
        assert_eq!(inspected.schema, wanted, "{:#?}", inspected.foreign);
        let kept = self.db.snapshot().await.expect("a snapshot");
        assert_eq!((kept.revision, &*kept.schema), (self.revision, &self.schema));
        inspected
    }

    /// SQL of the test's own, on a connection of its own.
    pub(crate) async fn sql(&self, sql: &'static str) {
        match self.db.dialect() {
            Dialect::Postgres => {
                let mut connection = self.session().await;
                Script::of(Dialect::Postgres, sql).postgres(&mut connection).await.expect(sql);
            }
            Dialect::Sqlite => {
                let mut connection = SqliteConnection::connect(&self.url).await.expect("opened");
                Script::of(Dialect::Sqlite, sql).sqlite(&mut connection).await.expect(sql);
                connection.close().await.expect("closed");
            }
        }
    }

    /// One number that SQL gives.
    pub(crate) async fn number(&self, sql: &'static str) -> i64 {
        match self.db.dialect() {
            Dialect::Postgres => {
                sqlx::query_scalar(sql).fetch_one(&mut self.session().await).await.expect(sql)
            }
            Dialect::Sqlite => {
                let mut connection = SqliteConnection::connect(&self.url).await.expect("opened");
                sqlx::query_scalar(sql).fetch_one(&mut connection).await.expect(sql)
            }
        }
    }

    /// A session of PostgreSQL.
    pub(crate) async fn session(&self) -> PgConnection {
        PgConnection::connect(&self.url).await.expect("a session")
    }
}

fn rows(schema: &Schema) -> Vec<TableRow> {
    let tables = schema.tables.values().map(|t| TableRow::of(t).expect("JSON"));
    tables.chain(schema.buried.iter().map(|(name, t)| TableRow::buried(name, t).expect("JSON"))).collect()
}
