//! How many connections may be used at the same time: of a host, of a database, of an organisation. Who waits for one is
//! served in turn. `home.rs` and `pools.rs` use them.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// What a connection is for. Work that may last hours has seats of its own, so that it never takes the last ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lane {
    /// A read, or the transaction of a change.
    Short,
    /// A step of a large table that takes as long as it takes.
    Long,
}

/// A bound, a quarter of which is for long work; at least one seat each.
#[derive(Debug)]
pub(crate) struct Bound {
    short: Arc<Semaphore>,
    long: Arc<Semaphore>,
    /// Seats in all.
    pub(super) most: usize,
}

impl Bound {
    pub(super) fn new(most: u32) -> Self {
        let most = most as usize;
        let long = (most / 4).max(1);
        let short = most.saturating_sub(long).max(1);
        let seats = |count| Arc::new(Semaphore::new(count));
        Self { short: seats(short), long: seats(long), most: short + long }
    }

    /// The seats of a lane.
    pub(super) fn lane(&self, lane: Lane) -> &Arc<Semaphore> {
        match lane {
            Lane::Short => &self.short,
            Lane::Long => &self.long,
        }
    }

    /// A seat, if one is free and nobody waits.
    pub(super) fn free(&self, lane: Lane) -> Option<OwnedSemaphorePermit> {
        self.lane(lane).clone().try_acquire_owned().ok()
    }

    /// Seats that are taken.
    pub(super) fn taken(&self) -> usize {
        self.most - self.short.available_permits() - self.long.available_permits()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_lane_has_a_seat() {
        let seats = |most: u32| {
            let bound = Bound::new(most);
            (bound.short.available_permits(), bound.long.available_permits())
        };
        assert_eq!(seats(64), (48, 16));
        assert_eq!(seats(4), (3, 1));
        assert_eq!((seats(2), seats(1)), ((1, 1), (1, 1)));
    }

    #[test]
    fn long_work_leaves_the_short_their_seats() {
        let bound = Bound::new(4);
        let taken = bound.free(Lane::Long);
        assert!(taken.is_some() && bound.free(Lane::Long).is_none() && bound.free(Lane::Short).is_some());
        assert_eq!(bound.taken(), 1);
    }
}
