//! What the change whose turn it is waits for: told to those, too, who wait behind it until their time is over.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use hookwright_core::ddl::Dialect;
use hookwright_core::ident::Ident;

use super::gate::Script;
use super::{Blocker, DbError, OrgDb, Pool};

/// The change that is being made, or was made last.
#[derive(Debug, Default)]
pub(super) struct Waits {
    last: Mutex<Option<Wait>>,
}

/// A lock that was not granted.
#[derive(Debug, Clone)]
struct Wait {
    tables: Vec<Ident>,
    tries: u32,
    /// When the change gave it up, or had it after all; none as long as it waits.
    over: Option<Instant>,
}

impl Wait {
    /// Whether it was in the way of something that began then.
    fn concerns(&self, since: Instant) -> bool {
        self.over.is_none_or(|over| over >= since)
    }
}

/// That a change waits, for as long as this is there.
pub(crate) struct Waiting<'a> {
    db: &'a OrgDb,
    told: AtomicBool,
}

impl Waiting<'_> {
    /// A lock on one of these was not granted so often.
    pub(crate) fn locked(&self, tables: &[Ident], tries: u32) {
        self.told.store(true, Ordering::Relaxed);
        *self.db.waits() = Some(Wait { tables: tables.to_vec(), tries, over: None });
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if let (true, Some(wait)) = (self.told.load(Ordering::Relaxed), self.db.waits().as_mut()) {
            wait.over = Some(Instant::now());
        }
    }
}

impl OrgDb {
    fn waits(&self) -> MutexGuard<'_, Option<Wait>> {
        self.inner.waits.last.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets others know what a change waits for, which this host makes.
    pub(crate) fn waiting(&self) -> Waiting<'_> {
        Waiting { db: self, told: AtomicBool::new(false) }
    }

    /// The error of a lock that is not granted now, with who holds it; none if nobody is in the way of the change whose
    /// turn it is, or was since then.
    pub(crate) async fn blocked_now(&self, since: Instant) -> Option<DbError> {
        let wait = self.waits().clone().filter(|wait| wait.concerns(since));
        let tries = wait.as_ref().map_or(1, |wait| wait.tries);
        let mut blockers = self.in_the_way().await.unwrap_or_default();
        if let (true, Some(wait)) = (blockers.is_empty(), &wait) {
            blockers = self.blockers(&wait.tables).await.unwrap_or_default();
        }
        let holders = wait.filter(|wait| wait.over.is_none()).and_then(|_| self.holders_of_file());
        (!blockers.is_empty() || holders.is_some()).then_some(DbError::Blocked { tries, blockers, holders })
    }

    /// Whom the one waits for that has the organisation's lock.
    async fn in_the_way(&self) -> Result<Vec<Blocker>, DbError> {
        let Pool::Postgres(pool) = self.pool() else { return Ok(Vec::new()) };
        let mut script = Script::of(Dialect::Postgres, "SELECT * FROM (SELECT DISTINCT ON (l.pid) ");
        script.sql(super::blockers::SESSION).sql(" AND l.pid IN (SELECT unnest(pg_blocking_pids(o.pid)) ");
        script.sql("FROM pg_catalog.pg_locks o WHERE o.granted AND ").append(&self.own_lock());
        script.sql(") ORDER BY l.pid, n.nspname = ").text(self.org().as_str());
        script.sql(" DESC NULLS LAST) AS found ORDER BY seconds DESC, pid LIMIT 10");
        Ok(self.sessions(pool, &script).await?.into_iter().map(|(blocker, _)| blocker).collect())
    }
}
