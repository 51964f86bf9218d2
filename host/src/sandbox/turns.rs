//! Whose call runs next: places for calls, given to those who wait in turn over their organisations, so that one that
//! floods the host holds up none of the others.
//!
//! `instance.rs` takes a turn for each call, `lane.rs` another for those that run long, `load.rs` one for what has to be
//! compiled. Pure but for the waiting.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::fault::Fault;

/// What of the places one organisation may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    /// Calls that run at the same time.
    pub running: u32,
    /// Calls that wait for that.
    pub waiting: u32,
}

impl Share {
    /// All there are.
    pub const WHOLE: Self = Self { running: u32::MAX, waiting: u32::MAX };
}

/// The places, and who waits for one. Cheap to clone; all clones are one.
#[derive(Clone)]
pub(crate) struct Turns {
    limit: u32,
    line: Arc<Mutex<Line>>,
}

/// A place among the calls that run. Given to the next when it is dropped, so also when the caller goes away.
pub struct Turn {
    /// None once somebody else answers for the place.
    held: Option<(Turns, Arc<str>)>,
}

/// What became of asking for a place.
pub(crate) enum Entry {
    Now(Turn),
    Later(oneshot::Receiver<Turn>),
    /// Too many of the organisation wait already.
    Full,
}

#[derive(Default)]
struct Line {
    free: u32,
    orgs: HashMap<Arc<str>, Org>,
    /// Organisations that wait and may have one place more, in the order in which they get it.
    round: VecDeque<Arc<str>>,
}

#[derive(Default)]
struct Org {
    running: u32,
    most: u32,
    waiting: VecDeque<oneshot::Sender<Turn>>,
    in_round: bool,
}

impl Turns {
    pub fn new(limit: u32) -> Self {
        Self { limit, line: Arc::new(Mutex::new(Line { free: limit, ..Line::default() })) }
    }

    /// Asks for a place. Whoever has to wait stands in line from now on.
    pub fn enter(&self, org: &str, share: Share) -> Entry {
        let mut line = self.line();
        let Line { free, orgs, round } = &mut *line;
        let name = orgs.get_key_value(org).map_or_else(|| Arc::from(org), |(name, _)| name.clone());
        let own = orgs.entry(name.clone()).or_default();
        own.most = share.running;
        if *free > 0 && own.running < own.most && own.waiting.is_empty() {
            *free -= 1;
            own.running += 1;
            return Entry::Now(self.turn(name));
        }
        if own.waiting.len() >= share.waiting as usize {
            own.waiting.retain(|waiter| !waiter.is_closed());
        }
        if own.waiting.len() >= share.waiting as usize {
            line.settle(&name);
            return Entry::Full;
        }
        let (sender, receiver) = oneshot::channel();
        own.waiting.push_back(sender);
        if !own.in_round && own.running < own.most {
            own.in_round = true;
            round.push_back(name);
        }
        Entry::Later(receiver)
    }

    /// Waits for a place, so long at most.
    pub async fn wait(&self, org: &str, share: Share, wait: Duration) -> Result<Turn, Fault> {
        let later = match self.enter(org, share) {
            Entry::Now(turn) => return Ok(turn),
            Entry::Full => {
                return Err(Fault::Crowded { running: share.running, waiting: share.waiting, waited_ms: 0 });
            }
            Entry::Later(later) => later,
        };
        let started = Instant::now();
        if let Ok(Ok(turn)) = tokio::time::timeout(wait, later).await {
            return Ok(turn);
        }
        let waited_ms = started.elapsed().as_millis() as u64;
        match self.of(org).0 >= share.running {
            true => Err(Fault::Crowded { running: share.running, waiting: share.waiting, waited_ms }),
            false => Err(Fault::Overloaded { limit: self.limit, waited_ms }),
        }
    }

    /// Waits for a place as long as it takes; none if too many wait.
    pub async fn wait_for(&self, org: &str, share: Share) -> Option<Turn> {
        match self.enter(org, share) {
            Entry::Now(turn) => Some(turn),
            Entry::Later(later) => later.await.ok(),
            Entry::Full => None,
        }
    }

    /// Places that nobody has.
    pub fn free(&self) -> usize {
        self.line().free as usize
    }

    /// How many calls wait.
    pub fn waiting(&self) -> usize {
        let line = self.line();
        let open = |own: &Org| own.waiting.iter().filter(|waiter| !waiter.is_closed()).count();
        line.orgs.values().map(open).sum()
    }

    /// How many calls of an organisation run, and how many wait.
    pub fn of(&self, org: &str) -> (u32, u32) {
        let line = self.line();
        let counts = line.orgs.get(org).map(|own| {
            let waiting = own.waiting.iter().filter(|waiter| !waiter.is_closed()).count();
            (own.running, u32::try_from(waiting).unwrap_or(u32::MAX))
        });
        counts.unwrap_or_default()
    }

    fn turn(&self, org: Arc<str>) -> Turn {
        Turn { held: Some((self.clone(), org)) }
    }

    fn leave(&self, org: &Arc<str>) {
        let mut line = self.line();
        line.free += 1;
        if let Some(own) = line.orgs.get_mut(org) {
            own.running -= 1;
        }
        line.settle(org);
        self.admit(&mut line);
    }

    /// Gives free places to those who wait, one for each organisation in turn.
    fn admit(&self, line: &mut Line) {
        while line.free > 0 {
            let Some(org) = line.round.pop_front() else { return };
            let Some(own) = line.orgs.get_mut(&org) else { continue };
            own.in_round = false;
            while let Some(waiter) = own.waiting.pop_front() {
                match waiter.send(self.turn(org.clone())) {
                    Ok(()) => {
                        own.running += 1;
                        line.free -= 1;
                        break;
                    }
                    // Nobody waits there any more.
                    Err(mut turn) => turn.held = None,
                }
            }
            line.settle(&org);
        }
    }

    fn line(&self) -> MutexGuard<'_, Line> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Line {
    /// Puts an organisation at the end of the round, if it waits and may have a place more; forgets it, if nothing of it
    /// runs or waits.
    fn settle(&mut self, org: &Arc<str>) {
        let Some(own) = self.orgs.get_mut(org) else { return };
        if own.running == 0 && own.waiting.is_empty() {
            self.orgs.remove(org);
            return;
        }
        if !own.in_round && own.running < own.most && !own.waiting.is_empty() {
            own.in_round = true;
            self.round.push_back(org.clone());
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if let Some((turns, org)) = self.held.take() {
            turns.leave(&org);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WIDE: Share = Share { running: 8, waiting: 8 };

    fn now(turns: &Turns, org: &str, share: Share) -> Turn {
        match turns.enter(org, share) {
            Entry::Now(turn) => turn,
            _ => panic!("{org} waits"),
        }
    }

    fn later(turns: &Turns, org: &str, share: Share) -> oneshot::Receiver<Turn> {
        match turns.enter(org, share) {
            Entry::Later(later) => later,
            _ => panic!("{org} does not wait"),
        }
    }

    #[test]
    fn who_waits_is_admitted_in_turn_over_the_organisations() {
        let turns = Turns::new(1);
        let mut running = now(&turns, "flood", WIDE);
        let orgs = ["flood", "flood", "flood", "flood", "b", "b", "c"];
        let mut waiting: Vec<_> = orgs.iter().map(|org| (*org, later(&turns, org, WIDE))).collect();
        let mut order = Vec::new();
        while !waiting.is_empty() {
            drop(running);
            let admitted =
                waiting.iter_mut().position(|(_, later)| !later.is_terminated() && !later.is_empty());
            let (org, mut later) = waiting.remove(admitted.expect("somebody is admitted"));
            running = later.try_recv().expect("a place");
            order.push(org);
        }
        assert_eq!(order, ["flood", "b", "c", "flood", "b", "flood", "flood"]);
        drop(running);
        let line = turns.line();
        assert_eq!((line.free, line.orgs.len(), line.round.len()), (1, 0, 0));
    }

    #[test]
    fn an_organisation_has_no_more_than_its_share() {
        let (turns, share) = (Turns::new(4), Share { running: 2, waiting: 1 });
        let first = now(&turns, "flood", share);
        let _second = now(&turns, "flood", share);
        let mut third = later(&turns, "flood", share);
        assert!(matches!(turns.enter("flood", share), Entry::Full));
        assert_eq!(turns.of("flood"), (2, 1));
        let _other = now(&turns, "other", share);
        assert!(third.try_recv().is_err(), "a place is free, but not for it");
        drop(first);
        drop(third.try_recv().expect("its own place"));
        assert_eq!((turns.free(), turns.of("flood")), (2, (1, 0)));
    }

    #[test]
    fn who_went_away_takes_no_place() {
        let turns = Turns::new(1);
        let running = now(&turns, "a", WIDE);
        drop(later(&turns, "a", WIDE));
        let received_too_late = later(&turns, "a", WIDE);
        let mut last = later(&turns, "b", WIDE);
        drop(running);
        drop(received_too_late);
        drop(last.try_recv().expect("a place"));
        let line = turns.line();
        assert_eq!((line.free, line.orgs.len()), (1, 0));
    }

    #[tokio::test]
    async fn waiting_ends_with_what_is_full() {
        let turns = Turns::new(2);
        let one = Share { running: 1, waiting: 1 };
        let _a = now(&turns, "a", one);
        let own = turns.wait("a", one, Duration::ZERO).await.err().expect("its share is used");
        assert_eq!(own.code(), "org/guest-calls");
        let _b = now(&turns, "b", one);
        let all = turns.wait("c", one, Duration::ZERO).await.err().expect("all are used");
        assert_eq!(all.code(), "host/overloaded");
    }
}
