//! A server that has no connection left: the host closes its own that nobody uses, of whichever database there, before it
//! says so. `home.rs` asks for it.

use std::sync::Arc;
use std::time::Duration;

use sqlx::{Connection, Database};
use tokio::sync::Semaphore;

use super::home::{Home, lock};
use super::pools::{Entry, Known};

/// Tries after each connection that was closed: a server takes a moment to notice that a session has ended.
const TRIES: usize = 5;
const MOMENT: Duration = Duration::from_millis(20);

/// Whether a server, database or role has as many connections as it may.
pub(super) fn is_full(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::Database(e) if e.code().as_deref() == Some("53300"))
}

impl<DB: Database> Home<DB> {
    /// A new connection once others of the host have made way; the error if none could.
    pub(super) async fn connect_in_place_of_idle(&self, full: sqlx::Error) -> sqlx::Result<DB::Connection> {
        let mut error = full;
        while self.commons.release(&self.server).await {
            for _ in 0..TRIES {
                match self.connect_once().await {
                    Err(full) if is_full(&full) => error = full,
                    other => return other,
                }
                tokio::time::sleep(MOMENT).await;
            }
        }
        Err(error)
    }

    /// Closes the one that was idle for longest; whether there was one.
    async fn close_oldest(&self) -> bool {
        let oldest = {
            let mut idle = lock(&self.idle);
            (!idle.is_empty()).then(|| idle.remove(0))
        };
        let Some(oldest) = oldest else { return false };
        let _ = tokio::time::timeout(self.wait(), oldest.connection.close()).await;
        true
    }
}

impl Known {
    /// Closes the connection to a server that was idle for longest, of any database; whether there was one.
    pub(super) async fn release(&self, server: &Arc<Semaphore>) -> bool {
        let oldest = {
            let databases = lock(&self.databases);
            let there = databases.values().filter_map(|entry| match entry {
                Entry::Postgres(home) if Arc::ptr_eq(&home.server, server) => Some((home.oldest()?, home)),
                _ => None,
            });
            there.min_by_key(|(since, _)| *since).map(|(_, home)| home.clone())
        };
        match oldest {
            Some(home) => home.close_oldest().await,
            None => false,
        }
    }
}
