//! Counts messages and decides which of them is the last: the proxy's one piece of shared state.

use std::fmt;
use std::sync::{Mutex, MutexGuard};

use tokio::sync::watch;

/// Who sent a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The host under test.
    Client,
    /// PostgreSQL.
    Server,
}

/// Where a connection is cut. Messages are counted from 1, from the moment the proxy is armed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// The server does not get the client's n-th message.
    BeforeClientMessage(usize),
    /// The server gets the client's n-th message; the client gets nothing more.
    AfterClientMessage(usize),
    /// The client does not get the server's n-th message.
    BeforeServerMessage(usize),
    /// The client gets the server's n-th message, and nothing more.
    AfterServerMessage(usize),
}

/// What has passed, in the order in which the proxy passed it on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Messages of clients; a first message counts, a request for encryption does not.
    pub client: usize,
    /// Messages of the server.
    pub server: usize,
    /// Every message's sender and type; `^` is a client's first message.
    pub types: Vec<(Side, char)>,
    /// Whether every cut has been made. What they withheld is in the counts.
    pub cut: bool,
}

impl Seen {
    /// Without what comes after the end of the last answer that has results: farewells and a return to the pool.
    #[must_use]
    pub fn to_the_last_answer(mut self) -> Self {
        let result = self.types.iter().rposition(|seen| *seen == (Side::Server, 'C'));
        let last = result.and_then(|at| {
            let end = self.types[at..].iter().position(|seen| *seen == (Side::Server, 'Z'))?;
            Some(at + end)
        });
        for (side, _) in self.types.drain(last.map_or(0, |last| last + 1)..) {
            match side {
                Side::Client => self.client -= 1,
                Side::Server => self.server -= 1,
            }
        }
        self
    }
}

impl fmt::Display for Seen {
    /// `>Q <C <Z`: each message with its direction.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let arrows = self.types.iter().map(|(side, kind)| match side {
            Side::Client => format!(">{kind}"),
            Side::Server => format!("<{kind}"),
        });
        f.write_str(&arrows.collect::<Vec<_>>().join(" "))
    }
}

/// What is to be done with one message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Pass,
    PassAndCut,
    Cut,
}

#[derive(Debug, Default)]
struct State {
    cuts: Vec<Cut>,
    /// Whether nothing passes any more once a cut has been made.
    outage: bool,
    counting: bool,
    seen: Seen,
}

#[derive(Debug)]
pub(super) struct Gate {
    state: Mutex<State>,
    cut_all: watch::Sender<u64>,
}

impl Default for Gate {
    fn default() -> Self {
        Self { state: Mutex::default(), cut_all: watch::Sender::new(0) }
    }
}

impl Gate {
    pub fn arm(&self, cuts: &[Cut], outage: bool) {
        *self.state() = State { cuts: cuts.to_vec(), outage, counting: true, seen: Seen::default() };
    }

    pub fn disarm(&self) -> Seen {
        std::mem::take(&mut *self.state()).seen
    }

    /// Changes when every connection is to be cut.
    pub fn cuts(&self) -> watch::Receiver<u64> {
        self.cut_all.subscribe()
    }

    pub fn cut_now(&self) {
        self.cut_all.send_modify(|count| *count += 1);
    }

    /// Counts a message and says what becomes of it. `stop` belongs to the message's connection
    /// and is set here, under the lock, so that no message of the other side slips past the cut.
    pub fn judge(&self, stop: &watch::Sender<bool>, side: Side, kind: u8) -> Verdict {
        let mut state = self.state();
        if *stop.borrow() {
            return Verdict::Cut;
        }
        if !state.counting {
            return Verdict::Pass;
        }
        if state.outage && state.seen.cut {
            stop.send_replace(true);
            return Verdict::Cut;
        }
        let verdict = state.count(side, kind);
        if verdict != Verdict::Pass {
            stop.send_replace(true);
            state.seen.cut = state.cuts.is_empty();
        }
        verdict
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no panic while counting")
    }
}

impl State {
    fn count(&mut self, side: Side, kind: u8) -> Verdict {
        self.seen.types.push((side, char::from(kind)));
        let count = match side {
            Side::Client => &mut self.seen.client,
            Side::Server => &mut self.seen.server,
        };
        *count += 1;
        let (before, after) = match side {
            Side::Client => (Cut::BeforeClientMessage(*count), Cut::AfterClientMessage(*count)),
            Side::Server => (Cut::BeforeServerMessage(*count), Cut::AfterServerMessage(*count)),
        };
        let at = self.cuts.iter().position(|cut| *cut == before || *cut == after);
        match at.map(|at| self.cuts.swap_remove(at)) {
            Some(cut) if cut == before => Verdict::Cut,
            Some(_) => Verdict::PassAndCut,
            None => Verdict::Pass,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cut_falls_once_on_the_message_it_names() {
        let (gate, one, two) = (Gate::default(), connection(), connection());
        assert_eq!(gate.judge(&one, Side::Client, b'Q'), Verdict::Pass);
        gate.arm(&[Cut::BeforeServerMessage(2)], false);
        assert_eq!(gate.judge(&one, Side::Client, b'Q'), Verdict::Pass);
        assert_eq!(gate.judge(&one, Side::Server, b'C'), Verdict::Pass);
        assert_eq!(gate.judge(&one, Side::Server, b'Z'), Verdict::Cut);
        assert_eq!(gate.judge(&two, Side::Server, b'Z'), Verdict::Pass);
        let seen = gate.disarm();
        assert_eq!((seen.client, seen.server, seen.cut), (1, 3, true));
        assert_eq!(seen.to_string(), ">Q <C <Z <Z");
    }

    #[test]
    fn nothing_passes_on_a_connection_that_is_cut() {
        let (gate, one) = (Gate::default(), connection());
        gate.arm(&[Cut::AfterClientMessage(1)], false);
        assert_eq!(gate.judge(&one, Side::Client, b'Q'), Verdict::PassAndCut);
        assert_eq!(gate.judge(&one, Side::Server, b'C'), Verdict::Cut);
        assert_eq!(gate.disarm().server, 0);
    }

    #[test]
    fn each_of_several_cuts_falls_once() {
        let (gate, one, two, three) = (Gate::default(), connection(), connection(), connection());
        gate.arm(&[Cut::AfterClientMessage(1), Cut::BeforeClientMessage(2)], false);
        assert_eq!(gate.judge(&one, Side::Client, b'Q'), Verdict::PassAndCut);
        assert_eq!(gate.judge(&two, Side::Client, b'^'), Verdict::Cut);
        assert_eq!(gate.judge(&three, Side::Client, b'^'), Verdict::Pass);
        assert!(gate.disarm().cut);
    }

    #[test]
    fn nothing_passes_during_an_outage() {
        let (gate, one, two) = (Gate::default(), connection(), connection());
        gate.arm(&[Cut::AfterClientMessage(1)], true);
        assert_eq!(gate.judge(&one, Side::Client, b'Q'), Verdict::PassAndCut);
        assert_eq!(gate.judge(&two, Side::Client, b'^'), Verdict::Cut);
        assert!(gate.disarm().cut);
        assert_eq!(gate.judge(&connection(), Side::Client, b'^'), Verdict::Pass);
    }

    fn connection() -> watch::Sender<bool> {
        watch::Sender::new(false)
    }
}
