//! The connections of one database: lent one by one within bounds, kept while somebody needs them now and then, and not
//! asked for while the database cannot be reached. `OrgDb` borrows here; nothing else in the host connects.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use hookwright_core::ident::OrgName;
use sqlx::{ConnectOptions, Connection, Database};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::commons::Commons;
use super::fault::{Fault, fault};
use super::options::DbOptions;
use super::overdue::silent;
use super::reach::Looked;
use super::refusal::{Refusal, Whose};
use super::seats::{Bound, Lane};
use super::words::plainly;
use super::yielding::is_full;
use crate::circuit::{Circuit, Patience};

/// How connections of a kind of database are made.
pub(super) type Connecting<DB> = <<DB as Database>::Connection as Connection>::Options;

/// One database, as this host knows it.
pub(crate) struct Home<DB: Database> {
    /// Its address, without what is secret in it.
    pub(super) address: String,
    pub(super) connecting: Connecting<DB>,
    pub(super) commons: Arc<Commons>,
    pub(super) seats: Bound,
    pub(super) circuit: Mutex<Circuit>,
    pub(super) options: DbOptions,
    /// The file that it is, if it is one.
    file: Option<PathBuf>,
    /// Whether the last try reached it. If not, one caller tries and the others wait for what comes of it.
    proven: AtomicBool,
    trying: Semaphore,
    pub(super) server: Arc<Semaphore>,
    /// How often it was not reached, and what stood in the way last.
    misses: Mutex<(u64, String)>,
    /// Why it was not reached, when that was looked into last.
    pub(super) looked: Looked,
    /// Whom its sessions waited for when all connections were in use, as found last.
    pub(super) crowded: Looked,
    pub(super) idle: Mutex<Vec<Idle<DB>>>,
    orgs: Mutex<HashMap<OrgName, Weak<Bound>>>,
    used: Mutex<Instant>,
}

/// A connection that nobody uses.
pub(super) struct Idle<DB: Database> {
    pub(super) connection: DB::Connection,
    /// Its place among all connections of the host.
    pub(super) _room: OwnedSemaphorePermit,
    pub(super) of: Identity,
    since: Instant,
}

/// What tells a file from another one of its name, and from what was copied over it; nothing of a server.
pub(super) type Identity = Option<File>;

/// A file at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct File {
    /// Its device and number there.
    which: (u64, u64),
    /// How long it was, and when it was written last.
    written: (u64, i64, i64),
}

impl<DB: Database> Home<DB> {
    pub(super) fn new(
        (address, server, file): (String, Arc<Semaphore>, Option<PathBuf>),
        connecting: Connecting<DB>,
        options: &DbOptions,
        commons: Arc<Commons>,
    ) -> Self {
        let ms = Duration::from_millis;
        let patience = Patience {
            failures: options.circuit_failures,
            wait: ms(options.circuit_wait_ms),
            most: ms(options.circuit_wait_max_ms),
            one_try: ms(options.connect_timeout_ms) * 2,
        };
        Self {
            address,
            connecting,
            commons,
            seats: Bound::new(options.max_connections),
            circuit: Mutex::new(Circuit::new(patience)),
            options: options.clone(),
            file,
            proven: AtomicBool::new(false),
            trying: Semaphore::new(1),
            server,
            misses: Mutex::default(),
            looked: Looked::default(),
            crowded: Looked::default(),
            idle: Mutex::default(),
            orgs: Mutex::default(),
            used: Mutex::new(Instant::now()),
        }
    }

    /// The seats of an organisation, which all its handles share.
    pub(super) fn of_org(&self, org: &OrgName) -> Arc<Bound> {
        let mut orgs = lock(&self.orgs);
        if let Some(bound) = orgs.get(org).and_then(Weak::upgrade) {
            return bound;
        }
        let bound = Arc::new(Bound::new(self.options.max_connections_per_org));
        orgs.retain(|_, bound| bound.strong_count() > 0);
        orgs.insert(org.clone(), Arc::downgrade(&bound));
        bound
    }

    pub(super) fn wait(&self) -> Duration {
        Duration::from_millis(self.options.connect_timeout_ms)
    }

    /// Says at once that the database is not tried, while that is so.
    pub(super) fn refuse(&self) -> sqlx::Result<()> {
        let now = Instant::now();
        *lock(&self.used) = now;
        match lock(&self.circuit).refusal(now) {
            None => Ok(()),
            Some(trouble) => Err(refused(trouble, now)),
        }
    }

    /// One that nobody uses. Connections to a file that was replaced or written by others since go on with what they
    /// remember of it, so all are closed instead, and before another one is made: with the last of them goes the log.
    pub(super) async fn take_idle(&self) -> Option<Idle<DB>> {
        let idle = lock(&self.idle).pop()?;
        if idle.of == self.identity() {
            return Some(idle);
        }
        let others = std::mem::take(&mut *lock(&self.idle));
        for Idle { connection, _room, .. } in std::iter::once(idle).chain(others) {
            let _ = tokio::time::timeout(self.wait(), connection.close()).await;
        }
        None
    }

    /// Which file it is now.
    pub(super) fn identity(&self) -> Identity {
        use std::os::unix::fs::MetadataExt;
        let file = std::fs::metadata(self.file.as_ref()?).ok()?;
        let written = (file.len(), file.mtime(), file.mtime_nsec());
        Some(File { which: (file.dev(), file.ino()), written })
    }

    pub(super) fn idle(&self) -> usize {
        lock(&self.idle).len()
    }

    /// Which file a connection knows that was just used: it may have written it; one that was replaced under it stays
    /// another one.
    pub(super) fn known_after(&self, of: Identity) -> Identity {
        let now = self.identity();
        let same = now.map(|now| now.which) == of.map(|of| of.which);
        if same { now } else { of }
    }

    /// Puts a connection aside; if somebody waits for its place among all of the host, the oldest here is closed for it.
    pub(super) fn shelve(&self, connection: DB::Connection, of: Identity, room: OwnedSemaphorePermit) {
        lock(&self.idle).push(Idle { connection, _room: room, of, since: Instant::now() });
        if self.commons.is_wanted() {
            self.evict();
        }
    }

    pub(super) fn oldest(&self) -> Option<Instant> {
        lock(&self.idle).first().map(|idle| idle.since)
    }

    /// Closes the connection that was idle for longest.
    pub(super) fn evict(&self) {
        let oldest = {
            let mut idle = lock(&self.idle);
            (!idle.is_empty()).then(|| idle.remove(0))
        };
        oldest.into_iter().for_each(|idle| self.leave(idle));
    }

    /// Closes what was idle for longer than it is kept.
    pub(super) fn sweep(&self, now: Instant) {
        let kept = Duration::from_millis(self.options.idle_timeout_ms);
        let old: Vec<_> = {
            let mut idle = lock(&self.idle);
            let young = idle.partition_point(|idle| now.saturating_duration_since(idle.since) >= kept);
            idle.drain(..young).collect()
        };
        old.into_iter().for_each(|idle| self.leave(idle));
    }

    /// Whether nothing of it is left and nobody asked for it lately.
    pub(super) fn is_forgotten(&self, now: Instant) -> bool {
        let kept = Duration::from_millis(self.options.idle_timeout_ms);
        self.idle() == 0 && now.saturating_duration_since(*lock(&self.used)) >= kept
    }

    /// Closes all that nobody uses: when one of them was found dead, the others may be too.
    pub(super) async fn drop_idle(&self) {
        self.proven.store(false, Ordering::Relaxed);
        let all = std::mem::take(&mut *lock(&self.idle));
        for idle in all {
            let _ = tokio::time::timeout(self.wait(), idle.connection.close_hard()).await;
        }
    }

    /// Closes one beside the caller. Its place is free when that is done.
    fn leave(&self, Idle { connection, _room, .. }: Idle<DB>) {
        let limit = self.wait();
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                let _ = tokio::time::timeout(limit, connection.close()).await;
                drop(_room);
            });
        }
    }

    /// A place among all connections of the host, for one more.
    pub(super) async fn room(
        &self,
        lane: Lane,
        until: tokio::time::Instant,
    ) -> sqlx::Result<OwnedSemaphorePermit> {
        if let Some(room) = self.commons.open.free(lane) {
            return Ok(room);
        }
        let _wanted = self.commons.want(lane);
        in_time(&self.commons.open, lane, until, (Whose::Host, self.wait())).await
    }

    /// A new connection; `insists` on trying, whatever the circuit says.
    pub(super) async fn connect(&self, insists: bool) -> sqlx::Result<DB::Connection> {
        let _turn = match self.proven.load(Ordering::Relaxed) {
            true => None,
            false => Some(self.turn().await?),
        };
        let admitted = self.told(|circuit, now| circuit.admit(now).map_err(|trouble| refused(&trouble, now)));
        if let (Err(refused), false) = (admitted, insists) {
            return Err(refused);
        }
        let result = match self.connect_once().await {
            Err(full) if is_full(&full) => self.connect_in_place_of_idle(full).await,
            other => other,
        };
        match result {
            Err(error) if matches!(fault(&error), Fault::Lost | Fault::Unreachable) => {
                self.missed(&error).await;
                Err(Refusal::NotReached(error).into())
            }
            answered => {
                self.proven.store(true, Ordering::Relaxed);
                self.told(|circuit, _| circuit.reached());
                self.looked.forget();
                answered
            }
        }
    }

    pub(super) async fn connect_once(&self) -> sqlx::Result<DB::Connection> {
        let connected = tokio::time::timeout(self.wait(), self.connecting.connect()).await;
        connected.unwrap_or_else(|_| Err(self.silent()))
    }

    async fn missed(&self, error: &sqlx::Error) {
        self.proven.store(false, Ordering::Relaxed);
        let cause = crate::config::redact_text(&plainly(error));
        let is_open = self.told(|circuit, now| {
            circuit.missed(&cause, now);
            circuit.trouble().is_some()
        });
        {
            let mut misses = lock(&self.misses);
            *misses = (misses.0 + 1, cause);
        }
        if is_open {
            self.drop_idle().await;
        }
    }

    /// The error of a database that takes a connection and says nothing.
    fn silent(&self) -> sqlx::Error {
        let waited = self.options.connect_timeout_ms;
        silent(format!("no connection came about within {waited} ms (database.connect_timeout_ms)"))
    }

    /// How long an answer may be due.
    pub(super) fn patience(&self) -> Duration {
        Duration::from_millis(self.options.hang_timeout_ms)
    }

    /// Tries it once more, beside connections that wait for an answer; whatever it says is one. One caller tries, and
    /// the others share what comes of it.
    pub(super) async fn beside(&self) -> sqlx::Result<()> {
        let misses = lock(&self.misses).0;
        let _turn = self.trying.acquire().await;
        let (now, cause) = lock(&self.misses).clone();
        if now != misses {
            return Err(silent(cause));
        }
        match tokio::time::timeout(self.patience(), self.connecting.connect()).await {
            Ok(Ok(connection)) => {
                let _ = tokio::time::timeout(self.wait(), connection.close()).await;
                Ok(())
            }
            // It may be that it was shut and is there again: that is for the connection that waits to find out.
            Ok(Err(_)) => Ok(()),
            Err(_) => {
                let waited = self.options.hang_timeout_ms;
                let error = silent(format!(
                    "no answer, and no new connection came about either within {waited} ms (database.hang_timeout_ms)"
                ));
                self.missed(&error).await;
                self.drop_idle().await;
                Err(error)
            }
        }
    }

    /// The turn to try a database that may not be there: one caller at a time, and few databases of a server, so that
    /// those that do not answer leave the host's places to the others. Who waited while it was tried in vain shares that.
    async fn turn(&self) -> sqlx::Result<impl Sized + '_> {
        let misses = lock(&self.misses).0;
        let waiting = async {
            (self.trying.acquire().await, self.server.acquire().await, self.commons.doubtful.acquire().await)
        };
        let turn = tokio::time::timeout(self.wait() * 2, waiting).await;
        let (now, cause) = lock(&self.misses).clone();
        match turn {
            Ok(turn) if now == misses => Ok(turn),
            Err(_) if now == misses => Err(Refusal::NotReached(self.silent()).into()),
            _ => Err(Refusal::NotReached(sqlx::Error::Io(std::io::Error::other(cause))).into()),
        }
    }

    /// What stood in the way last.
    pub(super) fn last_miss(&self) -> String {
        lock(&self.misses).1.clone()
    }

    /// Tells the circuit something, and the log if its state changes by that.
    fn told<T>(&self, tell: impl FnOnce(&mut Circuit, Instant) -> T) -> T {
        let mut circuit = lock(&self.circuit);
        let before = circuit.state();
        let answer = tell(&mut circuit, Instant::now());
        let after = circuit.state();
        if before != after {
            let (state, was, database) = (after.as_str(), before.as_str(), self.address.as_str());
            let cause = circuit.trouble().map(|t| t.cause.as_str());
            metrics::counter!("hookwright_circuit_changes_total", "to" => state).increment(1);
            tracing::warn!(database, state, was, cause, "the circuit of a database changed");
        }
        answer
    }
}

fn refused(trouble: &crate::circuit::Trouble, now: Instant) -> sqlx::Error {
    let since = now.saturating_duration_since(trouble.since);
    let next = trouble.next.saturating_duration_since(now);
    Refusal::Open { since, cause: trouble.cause.clone(), next }.into()
}

/// A seat, when it is the caller's turn.
pub(super) async fn in_time(
    bound: &Bound,
    lane: Lane,
    until: tokio::time::Instant,
    (of, waited): (Whose, Duration),
) -> sqlx::Result<OwnedSemaphorePermit> {
    let seat = bound.lane(lane).clone().acquire_owned();
    match tokio::time::timeout_at(until, seat).await {
        Ok(Ok(seat)) => Ok(seat),
        _ => Err(Refusal::Crowded { of, most: bound.most, waited }.into()),
    }
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<DB: Database> std::fmt::Debug for Home<DB> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Home").field("address", &self.address).finish_non_exhaustive()
    }
}
