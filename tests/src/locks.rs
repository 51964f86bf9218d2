//! Sessions that are in the way: a competing lock, and the end of somebody's backend.
//!
//! For the fault tests; each helper has its own connection to the database under test.

use std::time::Duration;

use sqlx::{AssertSqlSafe, PgConnection};

use crate::postgres::connect;

/// An ACCESS EXCLUSIVE lock on a table, held until it is released or dropped.
#[derive(Debug)]
pub struct TableLock {
    connection: PgConnection,
    pid: i32,
    url: String,
}

impl TableLock {
    /// Takes the lock, waiting for it if it must.
    ///
    /// # Panics
    /// If there is no such table.
    pub async fn hold(url: &str, schema: &str, table: &str) -> Self {
        let mut connection = connect(url).await;
        let lock = format!("BEGIN; LOCK TABLE {}.{} IN ACCESS EXCLUSIVE MODE", quoted(schema), quoted(table));
        sqlx::raw_sql(AssertSqlSafe(lock))
            .execute(&mut connection)
            .await
            .unwrap_or_else(|error| panic!("no lock on \"{schema}\".\"{table}\": {error}"));
        let pid = sqlx::query_scalar("SELECT pg_backend_pid()").fetch_one(&mut connection).await.unwrap();
        let url = url.to_owned();
        Self { connection, pid, url }
    }

    /// The backend that holds the lock.
    pub fn pid(&self) -> i32 {
        self.pid
    }

    /// Waits until another backend waits for this lock, and gives its pid.
    ///
    /// # Panics
    /// If none does within ten seconds.
    pub async fn wait_for_victim(&self) -> i32 {
        let mut observer = connect(&self.url).await;
        let look = async {
            loop {
                if let Some(victim) = blocked_by(&mut observer, self.pid).await {
                    return victim;
                }
                // the server tells nobody that a wait has begun: ask again
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), look)
            .await
            .expect("no session has waited for the lock within ten seconds")
    }

    /// Waits until a session waits for this lock in a later transaction than `first`, as [`waiting_since`] gave it.
    ///
    /// # Panics
    /// If none does within ten seconds.
    ///
    /// [`waiting_since`]: TableLock::waiting_since
    pub async fn wait_for_another(&self, first: &str) {
        let look = async { while self.waiting_since().await == first {} };
        let limit = Duration::from_secs(10);
        tokio::time::timeout(limit, look).await.expect("no session has waited for the lock once more");
    }

    /// When the transaction that waits for this lock began; waits until there is one.
    pub async fn waiting_since(&self) -> String {
        let mut observer = connect(&self.url).await;
        let since = "SELECT xact_start::text FROM pg_stat_activity WHERE pid = $1 AND xact_start IS NOT NULL";
        loop {
            let victim = self.wait_for_victim().await;
            let since = sqlx::query_scalar(since).bind(victim).fetch_optional(&mut observer).await.unwrap();
            if let Some(since) = since {
                return since;
            }
        }
    }

    /// Gives the lock back; on return it is free.
    pub async fn release(mut self) {
        sqlx::raw_sql("ROLLBACK")
            .execute(&mut self.connection)
            .await
            .expect("the lock's own session is alive");
    }
}

async fn blocked_by(observer: &mut PgConnection, pid: i32) -> Option<i32> {
    sqlx::query_scalar("SELECT pid FROM pg_stat_activity WHERE $1 = ANY (pg_blocking_pids(pid)) LIMIT 1")
        .bind(pid)
        .fetch_optional(observer)
        .await
        .unwrap()
}

/// Ends a backend from outside; whether there was one.
pub async fn terminate(url: &str, pid: i32) -> bool {
    sqlx::query_scalar("SELECT pg_terminate_backend($1)")
        .bind(pid)
        .fetch_one(&mut connect(url).await)
        .await
        .unwrap()
}

/// Waits until a backend has ended, as it does when it notices that its client left.
pub async fn wait_until_gone(url: &str, pid: i32) {
    let mut observer = connect(url).await;
    let alive = "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE pid = $1)";
    while sqlx::query_scalar(alive).bind(pid).fetch_one(&mut observer).await.unwrap() {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
