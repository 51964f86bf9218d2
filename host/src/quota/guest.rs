//! The time that an organisation's guests kept a processor busy: counted by its tenant, asked before a hook is called.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use hookwright_core::ident::OrgName;

use super::state::Used;
use super::window::Window;
use crate::error::Error;

const MINUTE: Duration = Duration::from_secs(60);

/// What the guests of an organisation used up of a minute.
#[derive(Debug)]
pub(crate) struct GuestTime {
    limit_ms: u64,
    /// In microseconds: most calls take less than a millisecond.
    used: Mutex<Window>,
}

impl GuestTime {
    pub fn new(limit_ms: u64, now: Instant) -> Self {
        Self { limit_ms, used: Mutex::new(Window::new(MINUTE, now)) }
    }

    /// Before a hook is called for something that took `own` time so far. Calls that run already are not broken off: what
    /// they take beyond the limit is counted.
    ///
    /// # Errors
    /// `org/guest-time`; `change/guest-time` if waiting would not help.
    pub fn admit(&self, org: &OrgName, own: Duration, now: Instant) -> Result<(), Error> {
        let limit_us = self.limit_ms.saturating_mul(1_000);
        let mut window = self.window();
        let used = window.used(now);
        if used < limit_us {
            return Ok(());
        }
        let (wait, used_ms, limit_ms) = (window.wait(limit_us, now), used / 1_000, self.limit_ms);
        if own.as_micros() >= u128::from(limit_us) {
            let message = format!(
                "the plugins of the organisation \"{org}\" ran {} ms for this alone, within a minute they may run {limit_ms} (\"quotas.guest_ms_per_minute\"): sent again it would end here again",
                own.as_millis()
            );
            return Err(Error::new("change/guest-time", message));
        }
        let message = format!(
            "the plugins of the organisation \"{org}\" ran {used_ms} ms within the last minute, the limit is {limit_ms} (\"quotas.guest_ms_per_minute\"); there is time again in {} s",
            wait.as_secs_f64().ceil()
        );
        Err(Error::new("org/guest-time", message).after(wait))
    }

    pub fn spend(&self, ran: Duration, now: Instant) {
        self.window().spend(u64::try_from(ran.as_micros()).unwrap_or(u64::MAX), now);
    }

    pub fn state(&self, now: Instant) -> Used {
        Used { used: self.window().used(now) / 1_000, most: self.limit_ms }
    }

    fn window(&self) -> MutexGuard<'_, Window> {
        self.used.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_used_up_is_there_again_after_a_minute() {
        let (org, begun) = (OrgName::parse("acme").expect("a name"), Instant::now());
        let time = GuestTime::new(10, begun);
        time.spend(Duration::from_micros(9_999), begun);
        let none = Duration::ZERO;
        time.admit(&org, none, begun).expect("a microsecond is left");
        time.spend(Duration::from_millis(100), begun);
        let error = time.admit(&org, none, begun).expect_err("nothing is left");
        assert_eq!((error.code.as_str(), error.retry_after_s()), ("org/guest-time", 60));
        assert!(error.message.contains("ran 109 ms within the last minute, the limit is 10 "), "{error}");
        let hopeless = time.admit(&org, Duration::from_millis(10), begun).expect_err("its own doing");
        assert_eq!((hopeless.code.as_str(), hopeless.entry.retryable), ("change/guest-time", false));
        assert!(hopeless.message.contains("ran 10 ms for this alone"), "{hopeless}");
        time.admit(&org, none, begun + MINUTE).expect("a minute later");
    }
}
