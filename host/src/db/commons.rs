//! What all databases of a host share: the bound on connections that are open at the same time. Who needs a place when
//! all are taken has one closed that nobody uses.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, Weak};

use tokio::sync::Semaphore;

use super::home::lock;
use super::options::DbOptions;
use super::pools::Known;
use super::seats::{Bound, Lane};

/// Databases of one server that may be tried at the same time: if it is gone, all of them are.
const TRIES_OF_SERVER: usize = 4;

/// Shared by all databases of a host.
#[derive(Debug)]
pub(crate) struct Commons {
    /// A place for each open connection, used or not.
    pub(super) open: Bound,
    /// Databases that may be tried at the same time without having answered last time.
    pub(super) doubtful: Semaphore,
    /// The same of one server.
    servers: Mutex<HashMap<String, Weak<Semaphore>>>,
    wanting: AtomicUsize,
    known: Weak<Known>,
}

/// Somebody waits for a place, until this is dropped.
pub(super) struct Wanted<'a>(&'a AtomicUsize);

impl Drop for Wanted<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Commons {
    pub(super) fn new(options: &DbOptions, known: Weak<Known>) -> Self {
        let open = Bound::new(options.max_connections_total);
        let doubtful = Semaphore::new((open.most / 2).max(1));
        Self { open, doubtful, servers: Mutex::default(), wanting: AtomicUsize::new(0), known }
    }

    /// The turns to try databases of a server.
    pub(super) fn server(&self, name: String) -> Arc<Semaphore> {
        let mut servers = lock(&self.servers);
        if let Some(turns) = servers.get(&name).and_then(Weak::upgrade) {
            return turns;
        }
        let turns = Arc::new(Semaphore::new(TRIES_OF_SERVER));
        servers.retain(|_, turns| turns.strong_count() > 0);
        servers.insert(name, Arc::downgrade(&turns));
        turns
    }

    /// Tells that a place is waited for. What is idle has places of short work.
    pub(super) fn want(&self, lane: Lane) -> Option<Wanted<'_>> {
        if lane == Lane::Long {
            return None;
        }
        // First this, then the look: a connection put aside in between sees that it is wanted.
        self.wanting.fetch_add(1, Ordering::SeqCst);
        if let Some(known) = self.known.upgrade() {
            known.evict();
        }
        Some(Wanted(&self.wanting))
    }

    /// Closes a connection to a server that nobody uses; whether there was one.
    pub(super) async fn release(&self, server: &Arc<Semaphore>) -> bool {
        match self.known.upgrade() {
            Some(known) => known.release(server).await,
            None => false,
        }
    }

    pub(super) fn is_wanted(&self) -> bool {
        self.wanting.load(Ordering::SeqCst) > 0
    }
}
