//! A PostgreSQL database of its own for each test.
//!
//! Works on the server named by `HOOKWRIGHT_TEST_POSTGRES`, which `tests/run` starts; creates and
//! drops databases there and touches no other.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use reqwest::Url;
use sqlx::{AssertSqlSafe, Connection, PgConnection};

/// The environment variable with the URL of the server the tests may make databases on.
pub const SERVER_VARIABLE: &str = "HOOKWRIGHT_TEST_POSTGRES";

/// A fresh, empty database; it is gone when this is dropped.
#[derive(Debug)]
pub struct TestDatabase {
    server: String,
    name: String,
    url: String,
    open: bool,
}

impl TestDatabase {
    /// Makes a database with a name no other has.
    ///
    /// # Panics
    /// If there is no server, or it refuses.
    pub async fn create() -> Self {
        let server = server_url();
        let name = unique_name();
        // template0, because a copy of template1 fails while anybody is connected to it
        execute(&server, format!("CREATE DATABASE {name} TEMPLATE template0")).await;
        let url = with_database(&server, &name);
        Self { server, name, url, open: true }
    }

    /// The URL with which the server's superuser reaches this database.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The database's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// A new connection.
    pub async fn connect(&self) -> PgConnection {
        connect(&self.url).await
    }

    /// Makes it as another one is, ending every connection to it. Waits a while for those who are still connected to
    /// the other.
    pub async fn reset_to(&self, other: &Self) {
        execute(&self.server, drop_statement(&self.name)).await;
        execute(&self.server, format!("CREATE DATABASE {} TEMPLATE {}", self.name, other.name)).await;
    }

    /// Drops the database now, ending every connection to it.
    pub async fn close(mut self) {
        self.open = false;
        execute(&self.server, drop_statement(&self.name)).await;
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        if !self.open {
            return;
        }
        let (server, statement) = (self.server.clone(), drop_statement(&self.name));
        // a thread, since this may run inside a runtime, where blocking on another is an error
        let dropped = std::thread::spawn(move || {
            tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap()
                .block_on(execute(&server, statement));
        });
        if dropped.join().is_err() && !std::thread::panicking() {
            panic!("the database \"{}\" could not be dropped", self.name);
        }
    }
}

/// The URL of the test server.
///
/// # Panics
/// If the variable is not set.
pub fn server_url() -> String {
    std::env::var(SERVER_VARIABLE).unwrap_or_else(|_| {
        panic!("{SERVER_VARIABLE} is not set, so there is no PostgreSQL to test on: run ./tests/run")
    })
}

/// A connection to `url`.
///
/// # Panics
/// If it cannot be made.
pub async fn connect(url: &str) -> PgConnection {
    match PgConnection::connect(url).await {
        Ok(connection) => connection,
        Err(error) => panic!("no connection to the test database: {error}"),
    }
}

/// Runs statements on a connection of their own.
///
/// # Panics
/// If the database refuses.
pub async fn execute(url: &str, sql: String) {
    let mut connection = connect(url).await;
    if let Err(error) = sqlx::raw_sql(AssertSqlSafe(sql.clone())).execute(&mut connection).await {
        panic!("the test database refuses \"{sql}\": {error}");
    }
    connection.close().await.ok();
}

fn drop_statement(name: &str) -> String {
    format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")
}

fn unique_name() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let nanos = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_nanos());
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("hookwright_{}_{nanos:x}_{count}", std::process::id())
}

pub(crate) fn parse_url(url: &str) -> Url {
    Url::parse(url).unwrap_or_else(|error| panic!("\"{url}\" is not a database URL: {error}"))
}

fn with_database(server: &str, name: &str) -> String {
    let mut url = parse_url(server);
    url.set_path(name);
    url.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_database_takes_the_place_of_the_path() {
        assert_eq!(
            with_database("postgres://u:p@h:5433/postgres?sslmode=disable", "x"),
            "postgres://u:p@h:5433/x?sslmode=disable"
        );
    }

    #[test]
    fn names_are_never_the_same() {
        assert_ne!(unique_name(), unique_name());
        assert!(unique_name().len() < 63);
    }
}
