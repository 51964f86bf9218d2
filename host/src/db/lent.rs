//! Connections as an organisation uses them: borrowed, and given back when dropped.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::time::Duration;

use sqlx::{Connection, Database};
use tokio::sync::OwnedSemaphorePermit;

use super::home::{Connecting, Home, Identity, Idle, in_time};
use super::refusal::Whose;
use super::seats::{Bound, Lane};

/// Long work waits for its turn as long as it must.
const PATIENT: Duration = Duration::from_secs(30 * 24 * 3600);

/// The connections of an organisation's database. Cheap to clone.
pub(crate) struct Connections<DB: Database> {
    pub(super) home: Arc<Home<DB>>,
    pub(super) org: Arc<Bound>,
}

/// A connection that is lent. Dropped it goes back, once it is found sound.
pub(crate) struct Lent<DB: Database> {
    held: Option<Held<DB>>,
}

/// Which connection is lent.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    /// Any, unless the database is not tried.
    Usual,
    /// Any, even then.
    Insists,
    /// A new one, even then; it is closed afterwards.
    Anew,
}

struct Held<DB: Database> {
    connection: DB::Connection,
    home: Arc<Home<DB>>,
    of: Identity,
    room: OwnedSemaphorePermit,
    /// Among the organisation's and the database's.
    _seats: [OwnedSemaphorePermit; 2],
    /// Whether it is kept for others.
    kept: bool,
}

impl<DB: Database> Connections<DB> {
    /// A connection for a read or a short transaction; those who wait are served in turn.
    pub(crate) async fn acquire(&self) -> sqlx::Result<Lent<DB>> {
        self.home.refuse()?;
        Box::pin(self.lend(Lane::Short, Way::Usual)).await
    }

    /// The same, whether or not the database was reached lately: for work that is begun and has its own patience.
    pub(crate) async fn insist(&self) -> sqlx::Result<Lent<DB>> {
        Box::pin(self.lend(Lane::Short, Way::Insists)).await
    }

    /// The same, and never one that was used before: those may be as dead as the one that broke.
    pub(crate) async fn insist_anew(&self) -> sqlx::Result<Lent<DB>> {
        Box::pin(self.lend(Lane::Short, Way::Anew)).await
    }

    /// A connection of its own for work that may last long. It waits for its turn without end.
    pub(crate) async fn alone(&self) -> sqlx::Result<Lent<DB>> {
        Box::pin(self.lend(Lane::Long, Way::Anew)).await
    }

    pub(crate) fn connecting(&self) -> &Connecting<DB> {
        &self.home.connecting
    }

    /// Closes the connections nobody uses.
    pub(super) async fn drop_idle(&self) {
        self.home.drop_idle().await;
    }

    async fn lend(&self, lane: Lane, way: Way) -> sqlx::Result<Lent<DB>> {
        let home = &self.home;
        let waits = if lane == Lane::Long { PATIENT } else { home.wait() };
        let until = tokio::time::Instant::now() + waits;
        let seats = [
            in_time(&self.org, lane, until, (Whose::Org, waits)).await?,
            in_time(&home.seats, lane, until, (Whose::Database, waits)).await?,
        ];
        let idle = if way == Way::Anew { None } else { home.take_idle().await };
        let (connection, of, room) = match idle {
            Some(Idle { connection, _room, of, .. }) => (connection, of, _room),
            None => {
                let room = home.room(lane, until).await?;
                let connection = home.connect(way != Way::Usual).await?;
                (connection, home.identity(), room)
            }
        };
        let kept = way != Way::Anew;
        let held = Held { connection, home: home.clone(), of, room, _seats: seats, kept };
        Ok(Lent { held: Some(held) })
    }
}

impl<DB: Database> Lent<DB> {
    /// Gives it back after its last statement. One that answered is sound, and the next may have it at once.
    pub(crate) fn answered<T>(mut self, answer: sqlx::Result<T>) -> sqlx::Result<T> {
        match self.held.take_if(|held| answer.is_ok() && held.kept) {
            Some(Held { connection, home, of, room, .. }) => {
                home.shelve(connection, home.known_after(of), room);
            }
            None => drop(self),
        }
        answer
    }

    /// Closes it, whatever state it is in.
    pub(crate) async fn close(mut self) {
        if let Some(Held { connection, home, room, _seats, .. }) = self.held.take() {
            let _ = tokio::time::timeout(home.wait(), connection.close_hard()).await;
            drop((room, _seats));
        }
    }
}

impl<DB: Database> Held<DB> {
    /// A statement that was broken off may still run: what does not answer soon is closed.
    async fn give_back(mut self) {
        let limit = self.home.wait();
        let sound = tokio::time::timeout(limit, self.connection.ping()).await.is_ok_and(|ping| ping.is_ok());
        let closed = match (sound, self.kept) {
            (true, true) => return self.home.shelve(self.connection, self.of, self.room),
            (true, false) => tokio::time::timeout(limit, self.connection.close()).await,
            (false, _) => tokio::time::timeout(limit, self.connection.close_hard()).await,
        };
        drop(closed);
    }
}

impl<DB: Database> Drop for Lent<DB> {
    fn drop(&mut self) {
        if let (Some(mut held), Ok(runtime)) = (self.held.take(), tokio::runtime::Handle::try_current()) {
            // Now, not once it answered: what is written in between is not known to it.
            held.of = held.home.known_after(held.of);
            runtime.spawn(held.give_back());
        }
    }
}

impl<DB: Database> Deref for Lent<DB> {
    type Target = DB::Connection;

    fn deref(&self) -> &DB::Connection {
        &self.held.as_ref().expect("it is lent until it is dropped").connection
    }
}

impl<DB: Database> DerefMut for Lent<DB> {
    fn deref_mut(&mut self) -> &mut DB::Connection {
        &mut self.held.as_mut().expect("it is lent until it is dropped").connection
    }
}

impl<DB: Database> Clone for Connections<DB> {
    fn clone(&self) -> Self {
        Self { home: self.home.clone(), org: self.org.clone() }
    }
}

impl<DB: Database> std::fmt::Debug for Connections<DB> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.home.fmt(f)
    }
}
