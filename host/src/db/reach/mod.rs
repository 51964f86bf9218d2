//! Why a database cannot be reached: looked into when it happens, so that the error names the cause.
//!
//! Only reads, sends no statement but `SELECT`, and takes a few seconds at most. `db` alone calls it.

mod crowded;
mod ports;
mod postgres;
mod refused;
mod sqlite;
mod tls;
#[cfg(test)]
mod tls_tests;
mod too_many;

pub(super) use sqlite::of_file;

use std::path::Path;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use sqlx::postgres::PgConnectOptions;

use super::fault::is_login;
use super::home::lock;
use super::{DbError, Fault, OrgDb, Pool, contents, fault, file_holders, read_only};
use crate::error::named;
use crate::trouble::Trouble;

/// How long one look may take.
const LOOK: Duration = Duration::from_secs(2);
/// For how long the answer holds: many callers may fail at once.
const KEPT: Duration = Duration::from_secs(3);

/// Why a database was not reached. The organisations on it share what was found: advice leaves their name open.
#[derive(Default)]
pub(super) struct Looked {
    /// Held while it is looked into.
    turn: tokio::sync::Mutex<()>,
    last: Mutex<Option<(Instant, Option<Trouble>)>>,
}

impl Looked {
    /// What was found last, if it was not reached since.
    pub(super) fn known(&self) -> Option<Trouble> {
        lock(&self.last).as_ref().and_then(|(_, found)| found.clone())
    }

    /// It was reached: what stood in the way does so no more.
    pub(super) fn forget(&self) {
        *lock(&self.last) = None;
    }

    /// What was found at most so long ago; looked into now if it was not.
    async fn within(
        &self,
        age: Option<Duration>,
        look: impl Future<Output = Option<Trouble>>,
    ) -> Option<Trouble> {
        let _turn = self.turn.lock().await;
        let last = lock(&self.last).clone();
        match last.filter(|(at, _)| age.is_none_or(|age| at.elapsed() < age)) {
            Some((_, known)) => known,
            None => {
                let found = look.await;
                *lock(&self.last) = Some((Instant::now(), found.clone()));
                found
            }
        }
    }
}

impl OrgDb {
    /// An error with its cause: that the database cannot be reached or used, or that the organisation's history is gone.
    pub(crate) async fn told(&self, error: DbError) -> DbError {
        let error = self.reached(error).await;
        let telling = match &error {
            DbError::Refused { .. }
            | DbError::InTheWay { .. }
            | DbError::Drifted(_)
            | DbError::NameTaken(_)
            | DbError::WouldBeLost { .. }
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
            // Whoever opened it has looked, or is at it; nobody looks again while it is open.
            DbError::Open { org, since, cause, next, trouble: None } => {
                let found = self.looked().within(None, self.look()).await;
                let trouble = found.map(|trouble| Box::new(self.addressed(trouble)));
                DbError::Open { org, since, cause, next, trouble }
            }
            DbError::UnknownOutcome { change, events, source } => {
                let source = Box::new(Box::pin(self.reached(*source)).await);
                DbError::UnknownOutcome { change, events, source }
            }
            DbError::Blocked { tries, blockers, holders: None } => {
                DbError::Blocked { tries, blockers, holders: self.holders_of_file() }
            }
            DbError::Crowded { org, of, most, waited, by: None } => {
                DbError::Crowded { org, of, most, waited, by: self.crowded_by().await.map(Box::new) }
            }
            DbError::Refused { ref state, ref message, .. } if self.ailing(state, message).is_some() => {
                let trouble = self.ailing(state, message);
                trouble.map_or(error, |trouble| DbError::Unusable(Box::new(trouble)))
            }
            DbError::Refused { ref state, ref message, .. } if contents::is_damage(state, message) => {
                DbError::Unusable(Box::new(self.unreadable(None, message)))
            }
            DbError::Refused { ref state, .. } if state == read_only::STATE => {
                self.read_only().await.map_or(error, |trouble| DbError::Unusable(Box::new(trouble)))
            }
            DbError::Denied { .. }
            | DbError::Refused { .. }
            | DbError::Drifted(_)
            | DbError::NameTaken(_)
            | DbError::Bookkeeping { .. } => match self.spoiled().await {
                Some(trouble) => DbError::Unusable(Box::new(trouble)),
                None => self.damage().await.unwrap_or(error),
            },
            other => other,
        }
    }

    /// Why no connection can be had. None if the database answers now.
    pub(crate) async fn unreachable(&self) -> Option<Trouble> {
        self.look().await.map(|trouble| self.addressed(trouble))
    }

    fn looked(&self) -> &Looked {
        match self.pool() {
            Pool::Postgres(pool) => &pool.home.looked,
            Pool::Sqlite(pool) => &pool.home.looked,
        }
    }

    async fn look(&self) -> Option<Trouble> {
        match self.pool() {
            Pool::Postgres(pool) => postgres::cause(self, pool).await,
            Pool::Sqlite(pool) => sqlite::cause(self, pool).await,
        }
    }

    /// That an SQLite file is gone, is something else, or may not be used.
    pub(crate) async fn spoiled(&self) -> Option<Trouble> {
        match self.pool() {
            Pool::Sqlite(pool) => sqlite::cause(self, pool).await.map(|trouble| self.addressed(trouble)),
            Pool::Postgres(_) => None,
        }
    }

    /// What a result code of SQLite says of the organisation's file, which may be gone.
    fn ailing(&self, state: &str, said: &str) -> Option<Trouble> {
        let Pool::Sqlite(pool) = self.pool() else { return None };
        let code = state.parse::<i32>().ok()? & 0xff;
        let told = || sqlite::told(pool.connecting().get_filename(), code, said);
        let found = if is_of_file(code) { sqlite::no_file(self, pool).or_else(told) } else { None };
        found.map(|trouble| self.addressed(trouble))
    }

    /// Whom the host's sessions wait for while all connections are in use.
    async fn crowded_by(&self) -> Option<Trouble> {
        let Pool::Postgres(pool) = self.pool() else { return None };
        pool.home.crowded.within(Some(KEPT), crowded::cause(pool)).await
    }

    /// Which processes have the organisation's file, if it is one.
    pub(crate) fn holders_of_file(&self) -> Option<String> {
        match self.pool() {
            Pool::Sqlite(pool) => file_holders::who(pool.connecting().get_filename()),
            Pool::Postgres(_) => None,
        }
    }

    /// That somebody has the lock of the organisation's file for longer than a statement waits for it.
    pub(crate) async fn locked(&self) -> Option<Trouble> {
        match self.pool() {
            Pool::Sqlite(pool) => sqlite::locked(self, pool).await,
            Pool::Postgres(_) => None,
        }
    }

    /// That an SQLite file which was there is gone: it must not be taken for a new one, or its ledger would be forgotten.
    pub(crate) fn absent(&self) -> Option<Trouble> {
        match self.pool() {
            Pool::Sqlite(pool) => sqlite::absent(pool).map(|trouble| self.addressed(trouble)),
            Pool::Postgres(_) => None,
        }
    }

    /// That the directory of an SQLite file is not there: none is made for a path that may be misspelt.
    pub(super) fn no_directory(&self, path: &Path) -> DbError {
        DbError::Unusable(Box::new(self.addressed(sqlite::no_directory(path))))
    }

    /// A trouble with the organisation's name in the commands that leave it open.
    fn addressed(&self, trouble: Trouble) -> Trouble {
        let org = self.org();
        let verb = if self.inner.registered { "update" } else { "add" };
        let next =
            named(&trouble.next, org).replace(CORRECT, &format!("hookwright org {verb} {org} --database"));
        Trouble { next, ..trouble }
    }

    async fn cause(&self, source: &sqlx::Error) -> Option<Trouble> {
        if let Pool::Postgres(pool) = self.pool()
            && let sqlx::Error::Database(refused) = source
            && is_login(source)
            && fault(source) == Fault::Final
        {
            // The server has told the cause already.
            return Some(self.addressed(refused::told(self, pool, refused.as_ref()).await));
        }
        let found = self.looked().within(Some(KEPT), self.look()).await;
        found.map(|trouble| self.addressed(trouble))
    }
}

/// Whether a result code of SQLite says something of the file.
fn is_of_file(code: i32) -> bool {
    matches!(code, 3 | 8 | 10 | 11 | 13 | 14 | 23 | 26)
}

/// The options of a connection as the driver can write them into an address: some hosts and roles it cannot, such as `::1`.
fn writable(options: &PgConnectOptions) -> PgConnectOptions {
    options.clone().host("localhost").username("user")
}

/// How the address of an organisation is changed, with its name left open.
const CORRECT: &str = "hookwright org update NAME --database";

fn correct(url: &str) -> String {
    format!("{CORRECT} {url}")
}
