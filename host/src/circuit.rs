//! Whether it is worth trying what failed: a circuit that opens after failures in a row, and after a while lets one try
//! through at a time. Plain values, with the time passed in.
//!
//! For databases (`db/home.rs` asks it before it connects) and plugins (`suspension.rs`, before they are called).

use std::time::{Duration, Instant};

/// When a circuit opens, and how long it stays so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Patience {
    /// Failures in a row that open it.
    pub failures: u32,
    /// How long it is open the first time; doubled each time that a try fails.
    pub wait: Duration,
    /// The longest that it is open.
    pub most: Duration,
    /// How long a try may take before another one is let through.
    pub one_try: Duration,
}

/// How a circuit is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CircuitState {
    /// The database is tried whenever it is needed.
    Closed,
    /// It was not reached several times in a row: it is not tried for a while.
    Open,
    /// One try is under way; it decides.
    HalfOpen,
}

impl CircuitState {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Closed, Self::Open, Self::HalfOpen];

    /// Its name, as in JSON and metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half-open",
        }
    }
}

/// Why a database is not tried, or was not reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Trouble {
    /// When it was first not tried any more.
    pub since: Instant,
    /// What stood in the way last, in its own words.
    pub cause: String,
    /// When it is tried next.
    pub next: Instant,
    /// How long it is open this time.
    wait: Duration,
}

#[derive(Debug)]
enum State {
    Closed { failures: u32 },
    Open(Trouble),
    HalfOpen(Trouble),
}

/// The circuit of one database.
#[derive(Debug)]
pub(crate) struct Circuit {
    patience: Patience,
    state: State,
}

impl Circuit {
    pub(crate) fn new(patience: Patience) -> Self {
        Self { patience, state: State::Closed { failures: 0 } }
    }

    pub(crate) fn state(&self) -> CircuitState {
        match self.state {
            State::Closed { .. } => CircuitState::Closed,
            State::Open(_) => CircuitState::Open,
            State::HalfOpen(_) => CircuitState::HalfOpen,
        }
    }

    /// What is wrong, unless the circuit is closed.
    pub(crate) fn trouble(&self) -> Option<&Trouble> {
        match &self.state {
            State::Closed { .. } => None,
            State::Open(trouble) | State::HalfOpen(trouble) => Some(trouble),
        }
    }

    /// Failures in a row to reach it, while it is tried all the same.
    pub(crate) fn failures(&self) -> u32 {
        match self.state {
            State::Closed { failures } => failures,
            State::Open(_) | State::HalfOpen(_) => self.patience.failures,
        }
    }

    /// Why the database is not to be tried now; none if it may be.
    pub(crate) fn refusal(&self, now: Instant) -> Option<&Trouble> {
        self.trouble().filter(|trouble| now < trouble.next)
    }

    /// Before a try: whether it may be made. One that is let through on an open circuit is to tell what became of it.
    pub(crate) fn admit(&mut self, now: Instant) -> Result<(), Trouble> {
        match &mut self.state {
            State::Closed { .. } => Ok(()),
            State::Open(trouble) | State::HalfOpen(trouble) if now < trouble.next => Err(trouble.clone()),
            State::Open(trouble) | State::HalfOpen(trouble) => {
                trouble.next = now + self.patience.one_try;
                self.state = State::HalfOpen(trouble.clone());
                Ok(())
            }
        }
    }

    /// The database answered, whatever it said.
    pub(crate) fn reached(&mut self) {
        self.state = State::Closed { failures: 0 };
    }

    /// The database was not reached.
    pub(crate) fn missed(&mut self, cause: &str, now: Instant) {
        let Patience { failures: most, wait, most: longest, .. } = self.patience;
        self.state = match &self.state {
            State::Closed { failures } if failures + 1 < most => State::Closed { failures: failures + 1 },
            State::Closed { .. } => State::Open(trouble(now, cause, now, wait.min(longest))),
            State::HalfOpen(known) => {
                State::Open(trouble(known.since, cause, now, (known.wait * 2).min(longest)))
            }
            // Of a try that was begun before it opened: it says nothing new about when to try next.
            State::Open(known) => State::Open(Trouble { cause: cause.to_owned(), ..known.clone() }),
        };
    }
}

fn trouble(since: Instant, cause: &str, now: Instant, wait: Duration) -> Trouble {
    Trouble { since, cause: cause.to_owned(), next: now + wait, wait }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Patience = Patience {
        failures: 3,
        wait: Duration::from_secs(1),
        most: Duration::from_secs(5),
        one_try: Duration::from_secs(10),
    };

    /// What happens, in seconds from the beginning.
    enum Step {
        Asked(u64, bool),
        Missed(u64),
        Reached,
        Is(CircuitState),
    }
    use CircuitState::{Closed, HalfOpen, Open};
    use Step::{Asked, Is, Missed, Reached};

    fn goes(steps: &[Step]) {
        let begin = Instant::now();
        let at = |seconds: u64| begin + Duration::from_secs(seconds);
        let mut circuit = Circuit::new(PATIENCE);
        for (number, step) in steps.iter().enumerate() {
            match step {
                Asked(when, may) => {
                    assert_eq!(circuit.refusal(at(*when)).is_none(), *may, "step {number}");
                    assert_eq!(circuit.admit(at(*when)).is_ok(), *may, "step {number}");
                }
                Missed(when) => circuit.missed("no answer", at(*when)),
                Reached => circuit.reached(),
                Is(state) => assert_eq!(circuit.state(), *state, "step {number}"),
            }
        }
    }

    #[test]
    fn opens_after_failures_in_a_row() {
        goes(&[Missed(0), Missed(0), Is(Closed), Asked(0, true), Missed(0), Is(Open), Asked(0, false)]);
        goes(&[Missed(0), Missed(0), Reached, Missed(0), Missed(0), Is(Closed)]);
    }

    #[test]
    fn lets_one_through_and_closes_by_it() {
        let opened = || [Missed(0), Missed(0), Missed(0)].into_iter();
        let then = |rest: Vec<Step>| goes(&opened().chain(rest).collect::<Vec<_>>());
        then(vec![Asked(1, true), Is(HalfOpen), Asked(1, false), Asked(10, false), Reached, Is(Closed)]);
        // A try that never told what became of it does not keep the circuit half open for ever.
        then(vec![Asked(1, true), Asked(11, true), Asked(11, false)]);
        // What was begun before it opened and failed later moves nothing; what succeeded closes it.
        then(vec![Missed(0), Asked(1, true)]);
        then(vec![Reached, Is(Closed)]);
    }

    #[test]
    fn waits_longer_each_time_up_to_a_bound() {
        goes(&[
            Missed(0),
            Missed(0),
            Missed(0),
            Asked(1, true),
            Missed(1),
            Asked(2, false),
            Asked(3, true),
            Missed(3),
            Asked(6, false),
            Asked(7, true),
            Missed(7),
            Asked(11, false),
            Asked(12, true),
            Reached,
            Missed(12),
            Is(Closed),
        ]);
    }

    #[test]
    fn tells_since_when_and_why() {
        let begin = Instant::now();
        let mut circuit = Circuit::new(PATIENCE);
        (0..3).for_each(|_| circuit.missed("refused", begin));
        let next = begin + Duration::from_secs(1);
        assert!(circuit.admit(next).is_ok());
        circuit.missed("silent", next);
        let trouble = circuit.trouble().expect("open");
        assert_eq!((trouble.since, trouble.cause.as_str()), (begin, "silent"));
        assert_eq!(trouble.next, next + Duration::from_secs(2));
    }
}
