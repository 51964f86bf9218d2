//! Why a database cannot be reached: looked into when it happens, so that the error names the cause.
//!
//! Only reads, sends no statement but `SELECT`, and takes a few seconds at most. `db` alone calls it.

mod ports;
mod postgres;
mod refused;
mod sqlite;

use std::time::{Duration, Instant};

use super::fault::is_login;
use super::{DbError, Fault, OrgDb, Pool, fault, read_only};
use crate::trouble::Trouble;

/// How long one look may take.
const LOOK: Duration = Duration::from_secs(2);
/// For how long the answer holds: many callers may fail at once.
const KEPT: Duration = Duration::from_secs(3);

/// The last answer, and when it was found.
pub(super) type Looked = tokio::sync::Mutex<Option<(Instant, Option<Trouble>)>>;

impl OrgDb {
    /// An error with its cause: that the database cannot be reached or used, or that the organisation's history is gone.
    pub(crate) async fn told(&self, error: DbError) -> DbError {
        let error = self.reached(error).await;
        let telling = match &error {
            DbError::Refused { .. }
            | DbError::InTheWay { .. }
            | DbError::Drifted(_)
            | DbError::WouldBeLost(_)
            | DbError::Bookkeeping { .. } => true,
            DbError::UnknownOutcome { source, .. } => {
                matches!(**source, DbError::Refused { .. } | DbError::Drifted(_))
            }
            _ => false,
        };
        match telling && matches!(self.knows().await, Ok(false)) {
            true => DbError::Unusable(Box::new(self.forgotten().await)),
            false => error,
        }
    }

    /// An error with its cause, if it is that the database cannot be reached, or that its file cannot be used.
    pub(super) async fn reached(&self, error: DbError) -> DbError {
        match error {
            DbError::Unreachable { org, source, trouble: None } => {
                let trouble = self.cause(&source).await.map(Box::new);
                DbError::Unreachable { org, source, trouble }
            }
            DbError::Open { org, since, cause, next } => {
                let looked = self.inner.looked.lock().await;
                let known = looked.as_ref().and_then(|(_, trouble)| trouble.as_ref());
                let cause = known.map_or(cause, |trouble| trouble.found.clone());
                DbError::Open { org, since, cause, next }
            }
            DbError::Refused { ref state, .. } if state == read_only::STATE => {
                self.read_only().await.map_or(error, |trouble| DbError::Unusable(Box::new(trouble)))
            }
            DbError::Denied { .. } | DbError::Refused { .. } => {
                self.spoiled().await.map_or(error, |trouble| DbError::Unusable(Box::new(trouble)))
            }
            other => other,
        }
    }

    /// Why no connection can be had. None if the database answers now.
    pub(crate) async fn unreachable(&self) -> Option<Trouble> {
        match self.pool() {
            Pool::Postgres(pool) => postgres::cause(self, pool).await,
            Pool::Sqlite(pool) => sqlite::cause(self, pool).await,
        }
    }

    /// That an SQLite file is gone, is something else, or may not be used.
    pub(crate) async fn spoiled(&self) -> Option<Trouble> {
        match self.pool() {
            Pool::Sqlite(pool) => sqlite::cause(self, pool).await,
            Pool::Postgres(_) => None,
        }
    }

    /// That an SQLite file which was there is gone: it must not be taken for a new one, or its ledger would be forgotten.
    pub(crate) fn absent(&self) -> Option<Trouble> {
        match self.pool() {
            Pool::Sqlite(pool) => sqlite::absent(self, pool),
            Pool::Postgres(_) => None,
        }
    }

    /// How the address of the organisation is changed.
    pub(super) fn correct(&self, url: &str) -> String {
        let verb = if self.inner.registered { "update" } else { "add" };
        format!("hookwright org {verb} {} --database {url}", self.org())
    }

    async fn cause(&self, source: &sqlx::Error) -> Option<Trouble> {
        if let Pool::Postgres(pool) = self.pool()
            && let sqlx::Error::Database(refused) = source
            && is_login(source)
            && fault(source) == Fault::Final
        {
            // The server has told the cause already.
            return Some(refused::told(self, pool, refused.as_ref()).await);
        }
        let mut looked = self.inner.looked.lock().await;
        match looked.as_ref().filter(|(at, _)| at.elapsed() < KEPT) {
            Some((_, known)) => known.clone(),
            None => {
                let found = self.unreachable().await;
                *looked = Some((Instant::now(), found.clone()));
                found
            }
        }
    }
}
