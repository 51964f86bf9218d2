//! A database to try changes on, without a host: made from intents, filled by SQL, asked by the policy's own probes.

use hookwright::db::{DbOptions, OrgDb, Pools};
use hookwright_core::ddl::Dialect;
use hookwright_core::ident::OrgName;
use hookwright_core::plan::{Plan, Sizes, plan};
use hookwright_core::policy::Settings;
use hookwright_core::schema::Schema;
use hookwright_tests::plans;
use hookwright_tests::postgres::TestDatabase;
use hookwright_tests::sqlite::TestFile;
use serde_json::Value as Json;

use super::asked::ask;
use super::judged::Judged;
use super::session::{Refused, Session};

/// A database of its own.
pub struct Ground {
    pub org: OrgName,
    pub dialect: Dialect,
    pub session: Session,
    db: OrgDb,
    place: Place,
}

enum Place {
    Postgres(TestDatabase),
    Sqlite(#[allow(dead_code)] TestFile),
}

impl Ground {
    pub async fn new(dialect: Dialect) -> Self {
        let org = plans::org();
        let (place, url) = match dialect {
            Dialect::Postgres => {
                let database = TestDatabase::create().await;
                let url = database.url().to_owned();
                (Place::Postgres(database), url)
            }
            Dialect::Sqlite => {
                let file = TestFile::create();
                let url = file.url();
                (Place::Sqlite(file), url)
            }
        };
        let db = OrgDb::connect(&org, &url, &DbOptions::default(), &Pools::default()).expect("an address");
        let session = Session::new(dialect, &org, &url).await;
        Self { org, dialect, session, db, place }
    }

    pub async fn close(self) {
        self.db.close().await;
        drop(self.session);
        if let Place::Postgres(database) = self.place {
            database.close().await;
        }
    }

    /// Begins anew, with what these intents make.
    pub async fn make(&mut self, intents: &[Json]) -> Schema {
        match self.dialect {
            Dialect::Postgres => {
                let fresh = format!(
                    "DROP SCHEMA IF EXISTS \"{0}\" CASCADE; CREATE SCHEMA \"{0}\"",
                    self.org.as_str()
                );
                self.session.must(&fresh).await;
            }
            Dialect::Sqlite => drop(self.session.must("DROP TABLE IF EXISTS t").await),
        }
        let model = plans::apply(&Schema::default(), intents, true);
        let plan = plan(&self.org, self.dialect, &model, &Sizes::default());
        for statement in plan.statements() {
            self.session.must(statement.sql()).await;
        }
        model.schema().clone()
    }

    /// What we say of a change of small tables.
    pub async fn judge(&self, base: &Schema, intents: &[Json], settings: Settings) -> Judged {
        let parse =
            |json: &Json| serde_json::from_value(json.clone()).unwrap_or_else(|e| panic!("{json}: {e}"));
        let intents = intents.iter().map(parse).collect();
        ask(&self.db, &self.org, base, intents, settings, &Sizes::default()).await
    }

    /// Runs a plan's transaction as far as it goes, and leaves it open.
    pub async fn begin(&mut self, plan: &Plan) -> Result<(), Refused> {
        self.session.begin().await;
        self.run(plan).await
    }

    /// The same within a transaction.
    pub async fn run(&mut self, plan: &Plan) -> Result<(), Refused> {
        let sql = plan.statements().map(|s| s.sql().to_owned()).collect::<Vec<_>>().join(";\n");
        self.session.texts(&sql).await.map(drop)
    }
}
