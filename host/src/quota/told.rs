//! What is told of an organisation's guests in the host's log: so many lines within a minute, then that there are more.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::window::Window;

const MINUTE: Duration = Duration::from_secs(60);

/// The lines of one organisation's guests.
#[derive(Debug)]
pub(crate) struct GuestLines {
    most: u64,
    told: Mutex<(Window, bool)>,
}

/// Whether there is room for a line.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Room {
    /// There is.
    Line,
    /// There is none any more: that is told, once.
    Full,
    /// There is none.
    None,
}

impl GuestLines {
    pub fn new(most: u32, now: Instant) -> Self {
        Self { most: u64::from(most), told: Mutex::new((Window::new(MINUTE, now), false)) }
    }

    /// The most within a minute.
    pub fn most(&self) -> u64 {
        self.most
    }

    /// Takes room for a line.
    pub fn room(&self, now: Instant) -> Room {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let (window, is_full) = &mut *told;
        if window.used(now) < self.most {
            window.spend(1, now);
            *is_full = false;
            return Room::Line;
        }
        if std::mem::replace(is_full, true) { Room::None } else { Room::Full }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beyond_the_most_it_is_told_once_that_there_are_more() {
        let begun = Instant::now();
        let lines = GuestLines::new(2, begun);
        let rooms = |now| [(); 4].map(|()| lines.room(now));
        assert_eq!(rooms(begun), [Room::Line, Room::Line, Room::Full, Room::None]);
        assert_eq!(rooms(begun + MINUTE), [Room::Line, Room::Line, Room::Full, Room::None]);
    }
}
