//! How much was used up lately: within a span of time that moves along. Pure, with the time passed in.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Parts of the span: it moves along by one of them at a time.
const PARTS: u32 = 12;

/// What was used up within a span of time.
#[derive(Debug)]
pub(super) struct Window {
    part: Duration,
    begun: Instant,
    /// What was used up in each part that anything was used up in, oldest first.
    used: VecDeque<(u64, u64)>,
}

impl Window {
    pub fn new(span: Duration, now: Instant) -> Self {
        Self { part: span / PARTS, begun: now, used: VecDeque::new() }
    }

    pub fn spend(&mut self, amount: u64, now: Instant) {
        let part = self.move_to(now);
        match self.used.back_mut().filter(|(of, _)| *of == part) {
            Some((_, used)) => *used = used.saturating_add(amount),
            None => self.used.push_back((part, amount)),
        }
    }

    /// What was used up.
    pub fn used(&mut self, now: Instant) -> u64 {
        self.move_to(now);
        self.used.iter().fold(0, |sum, (_, used)| sum.saturating_add(*used))
    }

    /// How long it takes until less than so much is used up, if nothing more is.
    pub fn wait(&mut self, limit: u64, now: Instant) -> Duration {
        let mut left = self.used(now);
        for (part, used) in &self.used {
            if left < limit {
                break;
            }
            left = left.saturating_sub(*used);
            if left < limit {
                let gone = u32::try_from(part + u64::from(PARTS)).unwrap_or(u32::MAX);
                let at = self.begun + self.part.saturating_mul(gone);
                return at.saturating_duration_since(now);
            }
        }
        Duration::ZERO
    }

    /// Forgets what lies before the span; gives the part of now.
    fn move_to(&mut self, now: Instant) -> u64 {
        let past = now.saturating_duration_since(self.begun).as_nanos() / self.part.as_nanos().max(1);
        let part = u64::try_from(past).unwrap_or(u64::MAX);
        while self.used.front().is_some_and(|(of, _)| of + u64::from(PARTS) <= part) {
            self.used.pop_front();
        }
        part
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_long_ago_does_not_count() {
        let begun = Instant::now();
        let at = |seconds: u64| begun + Duration::from_secs(seconds);
        let mut window = Window::new(Duration::from_secs(60), begun);
        window.spend(70, at(1));
        window.spend(30, at(31));
        assert_eq!((window.used(at(31)), window.wait(100, at(31))), (100, Duration::from_secs(29)));
        assert_eq!((window.used(at(60)), window.wait(30, at(60))), (30, Duration::from_secs(30)));
        assert_eq!((window.used(at(90)), window.wait(1, at(90))), (0, Duration::ZERO));
        assert_eq!(window.wait(31, at(60)), Duration::ZERO);
    }
}
