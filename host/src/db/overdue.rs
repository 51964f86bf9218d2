//! Answers that are overdue. A server that hangs takes what it is sent and says nothing, for as long as anybody waits; one
//! that works on a long statement looks the same. What tells them apart is a new connection: if it is not answered
//! either, the wait is over.
//!
//! Reads and the executor wait through here.

use std::io::ErrorKind;
use std::time::Duration;

use sqlx::postgres::Postgres;

use super::home::Home;
use super::{OrgDb, Pool};

impl OrgDb {
    /// An answer, unless it takes longer than `limit`, or the database turns out to hang. Then the error is one of a
    /// connection that broke: what was asked for may have happened.
    pub(crate) async fn awaited<T>(
        &self,
        limit: Option<Duration>,
        answer: impl Future<Output = sqlx::Result<T>>,
    ) -> sqlx::Result<T> {
        let over = async {
            match limit {
                Some(limit) => tokio::time::sleep(limit).await,
                None => std::future::pending().await,
            }
            limit.unwrap_or_default()
        };
        let hangs = async {
            match self.pool() {
                Pool::Postgres(pool) => pool.home.until_it_hangs().await,
                Pool::Sqlite(_) => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            answer = answer => answer,
            error = hangs => Err(error),
            limit = over => Err(silent(format!("no answer within {} ms", limit.as_millis()))),
        }
    }
}

impl Home<Postgres> {
    /// Ends when the database has not answered, and takes no connection either. Tries ever more seldom.
    async fn until_it_hangs(&self) -> sqlx::Error {
        let mut due = self.patience();
        loop {
            tokio::time::sleep(due).await;
            if let Err(error) = self.beside().await {
                return error;
            }
            due *= 2;
        }
    }
}

/// The error of something that was waited for in vain.
pub(super) fn silent(message: String) -> sqlx::Error {
    sqlx::Error::Io(std::io::Error::new(ErrorKind::TimedOut, message))
}

/// Whether an error is that nothing was answered: trying again at once would only take as long again.
pub(super) fn is_silence(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::Io(error) if error.kind() == ErrorKind::TimedOut)
}
