//! Organisations that cases are tried on. What a case tries is taken back, so most share one; those with things of
//! others in their tables, or steps that cannot be taken back, have their own.

use std::collections::BTreeMap;
use std::sync::Arc;

use hookwright::db::{DbOptions, OrgDb, Pools};
use hookwright::outcome::Status;
use hookwright_core::ddl::Dialect as Core;
use hookwright_core::policy::{Mode, Settings, Thresholds};
use hookwright_core::schema::Schema;
use hookwright_tests::intents;
use hookwright_tests::place::Place;
use hookwright_tests::postgres::TestDatabase;
use hookwright_tests::scenario::{Dialect, Mode as Sending};
use hookwright_tests::world::{TestHost, World};
use serde_json::{Value as Json, json};

use super::case::{Base, Case};
use super::session::Session;

/// `prod-…` and `dev-…`; the tables of `…-large` are.
const POLICY: &str = "mode = \"prod\"\n[orgs.\"dev-*\"]\nmode = \"dev\"\nrules = {}\n[orgs.\"*-large\"]\nthresholds.large-table-rows = 1\n";
const CONSENT: Sending =
    Sending { confirm: true, allow_destructive: true, dry_run: false, batch: false, approve: false };

/// An organisation with the base of all cases.
pub struct Bench {
    pub world: World,
    pub db: OrgDb,
    pub schema: Schema,
    pub session: Session,
    pub settings: Settings,
    pub large: bool,
}

/// The host, and the organisations that cases share.
pub struct Benches {
    home: Arc<TestHost>,
    base: Base,
    dialect: Dialect,
    /// Of all organisations, on PostgreSQL.
    database: Option<Arc<TestDatabase>>,
    shared: BTreeMap<String, Bench>,
    made: usize,
}

impl Benches {
    pub async fn new(dialect: Dialect, base: Base) -> Self {
        let database = match dialect {
            Dialect::Postgres => Some(Arc::new(TestDatabase::create().await)),
            Dialect::Sqlite => None,
        };
        let home = TestHost::with_policy(Some(POLICY)).await;
        Self { home, base, dialect, database, shared: BTreeMap::new(), made: 0 }
    }

    /// The organisation for a case.
    pub async fn shared(&mut self, case: &Case) -> &mut Bench {
        let key = name(case, 0);
        if !self.shared.contains_key(&key) {
            let bench = self.fresh(case).await;
            self.shared.insert(key.clone(), bench);
        }
        self.shared.get_mut(&key).expect("it was put there")
    }

    /// One of the case's own.
    pub async fn fresh(&mut self, case: &Case) -> Bench {
        self.made += 1;
        let org = name(case, self.made);
        let plugins = ["schema-sync".to_owned(), "index-advisor".to_owned()];
        let world = match &self.database {
            Some(database) => World::at(&self.home, &org, Place::Postgres(database.clone()), &plugins).await,
            None => World::add(&self.home, &org, self.dialect, &plugins).await,
        };
        for (number, event) in self.base.events.iter().enumerate() {
            let sent = world.send(&identified(event, &format!("base-{number}")).to_string(), CONSENT).await;
            let outcome = sent.unwrap_or_else(|e| panic!("{event}: {e}"));
            assert_eq!(outcome.status, Status::Applied, "{event}: {:?}", outcome.reasons);
        }
        let intents: Vec<Json> = self.base.intents.iter().map(|text| parse(text)).collect();
        intents::change(&world, "base", &intents).await;
        let rows = if case.rows { self.base.rows.as_str() } else { "" };
        for sql in [rows, case.setup.as_deref().unwrap_or_default()] {
            world.sql(sql).await.unwrap_or_else(|e| panic!("{}: {e}", case.name));
        }
        if self.dialect == Dialect::Postgres {
            // Of the organisation's tables alone: others of the database may be in use.
            world.sql("ANALYZE account, invoice, line, log").await.unwrap();
        }
        Bench::of(world, case).await
    }
}

impl Bench {
    async fn of(world: World, case: &Case) -> Self {
        let db = OrgDb::connect(world.org(), &world.url(), &DbOptions::default(), &Pools::default())
            .expect("an address");
        let schema = (*db.snapshot().await.expect("a snapshot").schema).clone();
        let session = Session::new(db.dialect(), world.org(), &world.url()).await;
        let rows = if case.large { 1 } else { Thresholds::default().large_table_rows };
        let thresholds = Thresholds { large_table_rows: rows, ..Thresholds::default() };
        let settings = Settings { thresholds, ..Settings::of(case.mode) };
        Self { world, db, schema, session, settings, large: case.large && case.rows }
    }

    pub fn dialect(&self) -> Core {
        self.db.dialect()
    }
}

/// A name, with a number that no other has.
fn name(case: &Case, number: usize) -> String {
    let mode = if case.mode == Mode::Dev { "dev" } else { "prod" };
    let rows = if case.rows { "rows" } else { "empty" };
    format!("{mode}-{rows}-{number}{}", if case.large { "-large" } else { "" })
}

/// JSON of a case's file.
pub fn parse(text: &str) -> Json {
    serde_json::from_str(text).unwrap_or_else(|e| panic!("{text}: {e}"))
}

/// An event with an id.
pub fn identified(event: &str, id: &str) -> Json {
    let mut event = parse(event);
    event["id"] = json!(id);
    event
}
