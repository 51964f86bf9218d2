//! A database to try changes on, without a host: made from intents, filled by SQL, asked by the policy's own probes.

use std::sync::Arc;

use hookwright::db::{DbOptions, OrgDb, Pools, ProbeAnswer};
use hookwright_core::ddl::{self, Dialect};
use hookwright_core::event::Consent;
use hookwright_core::ident::OrgName;
use hookwright_core::intent::Intent;
use hookwright_core::plan::{Plan, Sizes, plan};
use hookwright_core::policy::{Answer, Answers, Draft, Settings, review};
use hookwright_core::schema::Schema;
use hookwright_tests::plans;
use hookwright_tests::postgres::TestDatabase;
use hookwright_tests::sqlite::TestFile;
use serde_json::Value as Json;
use sqlx::{AssertSqlSafe, Column, Executor, PgConnection, Row, SqliteConnection, TypeInfo, ValueRef};

use super::judged::Judged;

/// A row, each value as text.
pub type Texts = Vec<Option<String>>;

/// What the database says against a statement.
#[derive(Debug, Clone)]
pub struct Refused {
    pub code: String,
    pub text: String,
}

/// A database of its own.
pub struct Ground {
    pub org: OrgName,
    pub dialect: Dialect,
    db: OrgDb,
    place: Place,
}

enum Place {
    Postgres(TestDatabase, Box<PgConnection>),
    Sqlite(#[allow(dead_code)] TestFile, Box<SqliteConnection>),
}

impl Ground {
    pub async fn new(dialect: Dialect) -> Self {
        let org = plans::org();
        let (place, url) = match dialect {
            Dialect::Postgres => {
                let database = TestDatabase::create().await;
                let (connection, url) = (database.connect().await, database.url().to_owned());
                (Place::Postgres(database, Box::new(connection)), url)
            }
            Dialect::Sqlite => {
                let file = TestFile::create();
                let (connection, url) = (file.connect().await, file.url());
                (Place::Sqlite(file, Box::new(connection)), url)
            }
        };
        let db = OrgDb::connect(&org, &url, &DbOptions::default(), &Pools::default()).expect("an address");
        let mut ground = Self { org, dialect, db, place };
        match dialect {
            Dialect::Postgres => {
                let path = format!("SET timezone = 'UTC'; SET search_path = \"{}\"", ground.org.as_str());
                ground.must(&path).await;
            }
            Dialect::Sqlite => ground.must("PRAGMA synchronous = OFF").await,
        }
        ground
    }

    pub async fn close(self) {
        self.db.close().await;
        if let Place::Postgres(database, connection) = self.place {
            drop(connection);
            database.close().await;
        }
    }

    /// The session that changes are tried in; none on SQLite.
    pub fn postgres(&mut self) -> Option<&mut PgConnection> {
        match &mut self.place {
            Place::Postgres(_, connection) => Some(connection),
            Place::Sqlite(..) => None,
        }
    }

    /// Runs statements; gives the rows of all of them, as texts.
    pub async fn texts(&mut self, sql: &str) -> Result<Vec<Texts>, Refused> {
        let query = sqlx::raw_sql(AssertSqlSafe(sql.to_owned()));
        match &mut self.place {
            Place::Postgres(_, connection) => {
                let rows = connection.fetch_all(query).await.map_err(refused)?;
                Ok(rows.iter().map(postgres_texts).collect())
            }
            Place::Sqlite(_, connection) => {
                let rows = connection.fetch_all(query).await.map_err(refused)?;
                Ok(rows.iter().map(sqlite_texts).collect())
            }
        }
    }

    pub async fn must(&mut self, sql: &str) {
        self.texts(sql).await.unwrap_or_else(|e| panic!("the database refuses \"{sql}\": {}", e.text));
    }

    /// Begins anew, with what these intents make.
    pub async fn make(&mut self, intents: &[Json]) -> Schema {
        match self.dialect {
            Dialect::Postgres => {
                let org = self.org.as_str().to_owned();
                self.must(&format!("DROP SCHEMA IF EXISTS \"{org}\" CASCADE; CREATE SCHEMA \"{org}\"")).await;
            }
            Dialect::Sqlite => self.clear().await,
        }
        let model = plans::apply(&Schema::default(), intents, true);
        let plan = plan(&self.org, self.dialect, &model, &Sizes::default());
        for statement in plan.statements() {
            self.must(statement.sql()).await;
        }
        model.schema().clone()
    }

    async fn clear(&mut self) {
        self.must("PRAGMA foreign_keys = OFF").await;
        let all = "SELECT type, name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite_%' ORDER BY type DESC";
        for row in self.texts(all).await.expect("the file is read") {
            let (kind, name) = (row[0].clone().unwrap_or_default(), row[1].clone().unwrap_or_default());
            self.must(&format!("DROP {kind} \"{name}\"")).await;
        }
        self.must("PRAGMA foreign_keys = ON").await;
    }

    /// What we say of a change of `base`, all consent given.
    pub async fn judge(&self, base: &Schema, intents: &[Json], settings: Settings, large: bool) -> Judged {
        let base = Arc::new(base.clone());
        let mut draft = Draft::new(self.org.clone(), self.dialect, Arc::new(settings), base.clone());
        for json in intents {
            let intent: Intent =
                serde_json::from_value(json.clone()).unwrap_or_else(|e| panic!("{json} is no intent: {e}"));
            if let Err(refusal) = draft.propose(&"test".into(), intent) {
                return Judged::refused(refusal.code(), refusal.to_string());
            }
        }
        let answers = self.answers(&draft, &base).await;
        let sizes = plans::sizes(&base, large && self.dialect == Dialect::Postgres);
        let consent = Consent { confirm: true, allow_destructive: true, dry_run: true };
        Judged::of(review(draft, &answers, &sizes, consent))
    }

    async fn answers(&self, draft: &Draft, base: &Schema) -> Answers {
        let ask = |probe| ddl::probe(probe, self.dialect, &self.org, base);
        let statements: Vec<_> = draft.probes().map(ask).collect();
        let found = self.db.probe(&statements).await.unwrap_or_else(|e| panic!("a probe fails: {e:?}"));
        let answer = |found| match found {
            ProbeAnswer::Found { rows, failing, sample } => {
                Answer { rows, failing: u64::try_from(failing).unwrap_or_default(), sample, ..Answer::default() }
            }
            ProbeAnswer::TimedOut => panic!("a probe runs out of time"),
        };
        found.into_iter().map(answer).enumerate().collect()
    }

    /// Runs a plan's transaction as far as it goes, and leaves it open.
    pub async fn begin(&mut self, plan: &Plan) -> Result<(), Refused> {
        if self.dialect == Dialect::Sqlite {
            self.must("PRAGMA foreign_keys = OFF").await;
        }
        let sql = plan.statements().map(|s| s.sql().to_owned()).collect::<Vec<_>>().join(";\n");
        self.texts(&format!("BEGIN;\n{sql}")).await.map(drop)
    }

    /// Takes it back.
    pub async fn rollback(&mut self) {
        match self.dialect {
            Dialect::Postgres => self.must("ROLLBACK").await,
            Dialect::Sqlite => {
                // Some errors end the transaction by themselves.
                drop(self.texts("ROLLBACK").await);
                self.must("PRAGMA legacy_alter_table = OFF; PRAGMA foreign_keys = ON").await;
            }
        }
    }
}

fn refused(error: sqlx::Error) -> Refused {
    let code = error.as_database_error().and_then(|e| e.code()).unwrap_or_default().into_owned();
    Refused { code, text: error.to_string() }
}

fn postgres_texts(row: &sqlx::postgres::PgRow) -> Texts {
    // The format is text, since statements are sent as they are.
    let text = |index: usize| row.try_get_unchecked::<Option<String>, _>(index).expect("a text");
    (0..row.columns().len()).map(text).collect()
}

fn sqlite_texts(row: &sqlx::sqlite::SqliteRow) -> Texts {
    let text = |index: usize| {
        let raw = row.try_get_raw(index).expect("a value");
        let name = raw.type_info().name().to_owned();
        match (raw.is_null(), name.as_str()) {
            (true, _) => None,
            (_, "INTEGER") => Some(row.try_get_unchecked::<i64, _>(index).expect("a number").to_string()),
            (_, "REAL") => Some(row.try_get_unchecked::<f64, _>(index).expect("a number").to_string()),
            (_, "BLOB") => Some(format!("{:02x?}", row.try_get_unchecked::<Vec<u8>, _>(index).expect("bytes"))),
            _ => Some(row.try_get_unchecked::<String, _>(index).expect("a text")),
        }
    };
    debug_assert!(row.columns().iter().all(|c| !c.name().is_empty()));
    (0..row.columns().len()).map(text).collect()
}
