//! One session on a database: statements, rows as texts, and changes that are tried and taken back.

use hookwright_core::ddl::Dialect;
use hookwright_core::ident::OrgName;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{
    AssertSqlSafe, Column, ConnectOptions, Executor, PgConnection, Row, SqliteConnection, TypeInfo, ValueRef,
};

use hookwright_tests::postgres::connect;

/// A row, each value as text.
pub type Texts = Vec<Option<String>>;

/// What the database says against a statement.
#[derive(Debug, Clone)]
pub struct Refused {
    pub text: String,
}

/// A session inside an organisation's schema.
pub enum Session {
    Postgres(Box<PgConnection>),
    Sqlite(Box<SqliteConnection>),
}

impl Session {
    pub async fn new(dialect: Dialect, org: &OrgName, url: &str) -> Self {
        match dialect {
            Dialect::Postgres => {
                let mut session = Self::Postgres(Box::new(connect(url).await));
                session.must(&format!("SET timezone = 'UTC'; SET search_path = \"{}\"", org.as_str())).await;
                session
            }
            Dialect::Sqlite => {
                let path = url.trim_start_matches("sqlite://");
                let options = SqliteConnectOptions::new().filename(path).create_if_missing(true);
                let mut session = Self::Sqlite(Box::new(options.connect().await.expect("a connection")));
                session.must("PRAGMA synchronous = OFF").await;
                session
            }
        }
    }

    /// On SQLite there is none.
    pub fn postgres(&mut self) -> Option<&mut PgConnection> {
        match self {
            Self::Postgres(connection) => Some(connection),
            Self::Sqlite(_) => None,
        }
    }

    /// Runs statements; gives the rows of all of them, as texts.
    pub async fn texts(&mut self, sql: &str) -> Result<Vec<Texts>, Refused> {
        let query = sqlx::raw_sql(AssertSqlSafe(sql.to_owned()));
        match self {
            Self::Postgres(connection) => {
                let rows = connection.fetch_all(query).await.map_err(refused)?;
                Ok(rows.iter().map(postgres_texts).collect())
            }
            Self::Sqlite(connection) => {
                let rows = connection.fetch_all(query).await.map_err(refused)?;
                Ok(rows.iter().map(sqlite_texts).collect())
            }
        }
    }

    pub async fn must(&mut self, sql: &str) -> Vec<Texts> {
        self.texts(sql).await.unwrap_or_else(|e| panic!("the database refuses \"{sql}\": {}", e.text))
    }

    /// Begins a transaction in which a change is tried.
    pub async fn begin(&mut self) {
        let begin = match self {
            Self::Postgres(_) => "BEGIN",
            Self::Sqlite(_) => "PRAGMA foreign_keys = OFF; BEGIN",
        };
        self.must(begin).await;
    }

    /// Takes it back.
    pub async fn rollback(&mut self) {
        match self {
            Self::Postgres(_) => drop(self.must("ROLLBACK").await),
            Self::Sqlite(_) => {
                // Some errors end the transaction by themselves.
                drop(self.texts("ROLLBACK").await);
                self.must("PRAGMA legacy_alter_table = OFF; PRAGMA foreign_keys = ON").await;
            }
        }
    }
}

#[allow(clippy::needless_pass_by_value)]
fn refused(error: sqlx::Error) -> Refused {
    Refused { text: error.to_string() }
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
            (_, "BLOB") => {
                Some(format!("{:02x?}", row.try_get_unchecked::<Vec<u8>, _>(index).expect("bytes")))
            }
            _ => Some(row.try_get_unchecked::<String, _>(index).expect("a text")),
        }
    };
    debug_assert!(row.columns().iter().all(|c| !c.name().is_empty()));
    (0..row.columns().len()).map(text).collect()
}
