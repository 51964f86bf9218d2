//! An organisation's database: its bookkeeping (metadata, model, ledger), its physical schema and facts about its rows.
//!
//! Only reads and the one-time setup are here; changes are made by
//! [`executor`](crate::executor). The pipeline and the commands call it.

/// Reads; once more on a new connection if the first one turns out to be dead. Connections are not
/// tested before use, which would cost a round trip each time.
macro_rules! reading {
    ($db:expr, $ask:expr) => {{
        let mut answer = $db.in_time(Box::pin($ask)).await;
        let stale = matches!(&answer, Err(e) if $crate::db::fault(e) == $crate::db::Fault::Lost);
        if stale {
            $db.drop_idle().await;
            answer = $db.in_time(Box::pin($ask)).await;
        }
        match answer {
            Ok(found) => Ok(found),
            Err(error) => Err($db.told($db.explain(error)).await),
        }
    }};
}

/// The same statement on either database.
macro_rules! on_either {
    ($db:expr, $row:ty, $postgres:expr, $sqlite:expr, [$($bind:expr),*], $fetch:ident) => {
        reading!($db, async {
            match $db.pool() {
                $crate::db::Pool::Postgres(pool) => {
                    let mut lent = pool.acquire().await?;
                    let answer = sqlx::query_as::<_, $row>($postgres)$(.bind($bind))*.$fetch(&mut *lent).await;
                    lent.answered(answer)
                }
                $crate::db::Pool::Sqlite(pool) => {
                    let mut lent = pool.acquire().await?;
                    let answer = sqlx::query_as::<_, $row>($sqlite)$(.bind($bind))*.$fetch(&mut *lent).await;
                    lent.answered(answer)
                }
            }
        })
    };
}

mod address;
mod amiss;
mod backup;
mod blockers;
mod bookkeeping;
mod commons;
mod contents;
mod damage;
mod debris;
mod elsewhere;
mod error;
mod fault;
mod file_holders;
mod fingerprint;
pub(crate) mod gate;
mod hands;
mod health;
mod held;
mod home;
mod identities;
mod inspect;
mod journal;
mod kept;
mod ledger;
mod lent;
mod mark;
mod meddlers;
mod misshapen;
mod options;
mod overdue;
mod parts;
mod pools;
mod postgres;
mod postgres_inspect;
mod postgres_type;
mod pressure;
mod printed_default;
mod privileges;
mod probe;
mod reach;
mod read_only;
mod refusal;
mod replaced;
mod seats;
mod server_load;
mod serves;
mod sizes;
mod snapshot;
mod sqlite;
mod sqlite_boolean;
mod sqlite_inspect;
mod sqlite_table;
mod sqlite_type;
mod sqlite_unread;
mod standing;
mod tokens;
mod tombstones;
mod unmet;
mod usage;
mod waits;
mod words;
mod yielding;

use std::sync::Arc;
use std::time::Duration;

use hookwright_core::ddl::Dialect;
use hookwright_core::ident::OrgName;
use sha2::{Digest, Sha256};
use tokio::sync::Mutex;

use crate::executor::{RetryPolicy, Tries};

pub use crate::circuit::CircuitState;
pub use blockers::Blocker;
pub use contents::{Contents, Rows, Soundness};
pub(crate) use debris::Thing;
pub(crate) use error::LESS_AT_ONCE;
use error::explain;
pub use error::{About, DbError};
pub(crate) use fault::{Fault, before_sending, fault, sqlite_code};
pub(crate) use file_holders::who as who_holds;
pub use fingerprint::Fingerprint;
pub use health::CheckReport;
pub use held::{HeldPage, HeldRow};
pub(crate) use inspect::VIEW;
pub use inspect::{Foreign, ForeignKind, Inspected, without_comments};
pub use journal::{JournalState, Phase, StepRow, StepState};
pub use kept::Kept;
pub use ledger::{ChangePage, ChangeRecord, ChangeRow, EventRow, Seen};
pub(crate) use lent::Connections;
pub use options::DbOptions;
pub(crate) use parts::PutBack;
pub use pools::{Count, Pools, PoolsState};
pub use pressure::Pressure;
pub use privileges::Lacking;
pub use probe::ProbeAnswer;
pub use refusal::Whose;
pub(crate) use replaced::Replaced;
pub use server_load::{Group, Own, ServerLoad};
pub use sizes::TableSize;
pub use snapshot::{Point, Snapshot};
pub(crate) use sqlite_inspect::inspect_table as inspect_sqlite_table;
pub(crate) use sqlite_unread::{Definition, definitions};
pub use tombstones::{LaterRow, TombstoneRow, UndoRow};
pub use unmet::Unmet;
pub use usage::{Slow, TableUse, UnusedIndex, Usage};
pub(crate) use words::plainly;

/// The version of the bookkeeping that this host makes and understands.
pub const BOOKKEEPING_VERSION: i64 = 8;

/// Whether an organisation is entered into a database that is made ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Entry {
    /// If it is not there yet.
    Make,
    /// It was seen there.
    There,
}

/// The database of one organisation. Cheap to clone; all clones are one.
#[derive(Debug, Clone)]
pub struct OrgDb {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    org: OrgName,
    options: DbOptions,
    pool: Pool,
    /// Held while this host changes the organisation, so that its own changes queue here instead of on the database's lock.
    writer: Arc<Mutex<()>>,
    /// What its change that is being made waits for.
    waits: waits::Waits,
    /// Whether the organisation is registered, as far as the advice of errors goes.
    registered: bool,
}

/// Connections to a database of either kind.
#[derive(Debug, Clone)]
pub(crate) enum Pool {
    /// The organisation is a schema named like it.
    Postgres(Connections<sqlx::Postgres>),
    /// The organisation is the file.
    Sqlite(Connections<sqlx::Sqlite>),
}

impl OrgDb {
    /// The database of `org` at `url` (`postgres://…`, `sqlite:///path` or `sqlite:path`). Connects on first use.
    ///
    /// # Errors
    /// [`DbError::Address`].
    pub fn connect(org: &OrgName, url: &str, options: &DbOptions, pools: &Pools) -> Result<Self, DbError> {
        let pool = match url.split_once(':').map(|(scheme, _)| scheme) {
            Some("postgres" | "postgresql") => {
                let home = pools.postgres(url, options)?;
                Pool::Postgres(Connections { org: home.of_org(org), home })
            }
            Some("sqlite") => {
                let home = pools.sqlite(url, options)?;
                Pool::Sqlite(Connections { org: home.of_org(org), home })
            }
            _ => return Err(address::unknown()),
        };
        let inner = Inner {
            org: org.clone(),
            options: options.clone(),
            pool,
            writer: Arc::default(),
            waits: waits::Waits::default(),
            registered: true,
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// The same for an organisation that is about to be registered.
    pub(crate) fn of_new(mut self) -> Self {
        if let Some(inner) = Arc::get_mut(&mut self.inner) {
            inner.registered = false;
        }
        self
    }

    /// The organisation.
    #[must_use]
    pub fn org(&self) -> &OrgName {
        &self.inner.org
    }

    /// How its SQL is written.
    #[must_use]
    pub fn dialect(&self) -> Dialect {
        match self.pool() {
            Pool::Postgres(_) => Dialect::Postgres,
            Pool::Sqlite(_) => Dialect::Sqlite,
        }
    }

    /// How it is connected to.
    #[must_use]
    pub fn options(&self) -> &DbOptions {
        &self.inner.options
    }

    pub(crate) fn pool(&self) -> &Pool {
        &self.inner.pool
    }

    pub(crate) fn writer(&self) -> Arc<Mutex<()>> {
        self.inner.writer.clone()
    }

    pub(crate) fn explain(&self, error: sqlx::Error) -> DbError {
        explain(self.org().as_str(), self.whom(), error)
    }

    /// An error that trying again cannot help, in words.
    pub(crate) fn refused(&self, error: sqlx::Error) -> DbError {
        words::refused(error, self.whom())
    }

    fn whom(&self) -> words::Whom<'_> {
        match self.pool() {
            Pool::Postgres(pool) => {
                words::Whom { role: pool.connecting().get_username(), schema: self.org().as_str() }
            }
            Pool::Sqlite(_) => words::Whom::default(),
        }
    }

    /// Closes the connections nobody uses: when one of them was found dead, the others may be too.
    pub(crate) async fn drop_idle(&self) {
        if let Pool::Postgres(connections) = self.pool() {
            connections.drop_idle().await;
        }
    }

    /// A read, unless it takes so long that the database must be gone.
    pub(crate) async fn in_time<T>(&self, read: impl Future<Output = sqlx::Result<T>>) -> sqlx::Result<T> {
        let limit = Duration::from_millis(self.options().read_timeout_ms);
        match self.awaited(Some(limit), read).await {
            Err(error) if overdue::is_silence(&error) => Err(refusal::Refusal::NotReached(error).into()),
            answer => answer,
        }
    }

    /// The key of the organisation's advisory lock on PostgreSQL.
    pub(crate) fn lock_key(&self) -> i64 {
        lock_key(self.org().as_str())
    }

    /// Makes the database ready: bookkeeping made or migrated, privileges checked. Safe to repeat, and cheap then;
    /// hosts that meet here wait for one another.
    ///
    /// # Errors
    /// [`DbError::Denied`] with the `GRANT` to run, [`DbError::Version`] after a newer host, [`DbError::Blocked`] if
    /// another is at it for longer than `retry` lasts, or what the database says.
    pub async fn prepare(&self, retry: &RetryPolicy) -> Result<(), DbError> {
        self.prepare_as(retry, Entry::Make).await
    }

    /// The same of a database that has the organisation's history.
    ///
    /// # Errors
    /// As [`OrgDb::prepare`].
    pub(crate) async fn prepare_known(&self, retry: &RetryPolicy) -> Result<(), DbError> {
        self.prepare_as(retry, Entry::There).await
    }

    async fn prepare_as(&self, retry: &RetryPolicy, entry: Entry) -> Result<(), DbError> {
        match self.prepared(retry, entry).await {
            Ok(()) => Ok(()),
            Err(error) => Err(self.reached(error).await),
        }
    }

    async fn prepared(&self, retry: &RetryPolicy, entry: Entry) -> Result<(), DbError> {
        let mut tries = Tries::new(retry);
        loop {
            let error = match self.prepare_once(entry).await {
                Ok(()) => return Ok(()),
                Err(error) => error,
            };
            let again = match &error {
                DbError::Unreachable { source, .. }
                    if fault(source) == Fault::Lost && !overdue::is_silence(source) =>
                {
                    self.drop_idle().await;
                    // Of an address that is tried for the first time, what stands in the way is told at once.
                    let answers = self.inner.registered || self.unreachable().await.is_none();
                    if answers { tries.after_loss() } else { None }
                }
                DbError::Blocked { .. } => tries.after_lock().await,
                _ => None,
            };
            match (again, error) {
                (Some(()), _) => {}
                (None, DbError::Blocked { blockers, holders, .. }) => {
                    return Err(DbError::Blocked { tries: tries.locks(), blockers, holders });
                }
                (None, error) => return Err(error),
            }
        }
    }

    async fn prepare_once(&self, entry: Entry) -> Result<(), DbError> {
        match self.pool() {
            Pool::Postgres(pool) => postgres::prepare(self, pool, entry).await,
            Pool::Sqlite(pool) => sqlite::prepare(self, pool).await,
        }
    }

    /// Closes the connections of an SQLite file that nobody uses; those of PostgreSQL are shared and stay.
    pub async fn close(&self) {
        if let Pool::Sqlite(connections) = self.pool() {
            connections.drop_idle().await;
        }
    }
}

/// A lock key made of a name; in the host's own part of the key space, by the prefix that is hashed along.
fn lock_key(name: &str) -> i64 {
    let hash = Sha256::digest(format!("hookwright:{name}"));
    let mut bytes = [0_u8; 8];
    bytes.copy_from_slice(&hash[..8]);
    i64::from_be_bytes(bytes)
}
