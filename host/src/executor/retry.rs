//! When to try again, and how long to wait before: exponential with full jitter, so that hosts that met once do not meet again.

use std::time::Duration;

use rand::RngExt;
use serde::{Deserialize, Serialize};

/// How often to try again. Each trouble has a count of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RetryPolicy {
    /// Attempts in all after a lost connection, a deadlock or a failed serialisation. Default 3.
    pub attempts: u32,
    /// Milliseconds before the second attempt, at most; doubled each time. Default 1,000.
    pub base_ms: u64,
    /// The longest such wait. Default 30,000.
    pub max_ms: u64,
    /// Attempts in all for a lock that others hold. Default 30: with the short lock timeout they hold readers
    /// up little, and together outlast most transactions.
    pub lock_attempts: u32,
    /// Milliseconds before the second attempt for a lock, at most; doubled each time. Default 50.
    pub lock_base_ms: u64,
    /// The longest such wait. Default 1,000.
    pub lock_max_ms: u64,
    /// How long a change whose steps are done waits for locks before it is taken back. Default 3,600,000: what the
    /// steps made took long, and waiting for it holds nobody up.
    pub patience_ms: u64,
    /// How long to ask, after a lost connection, what became of the change. Default 30,000.
    pub settle_ms: u64,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            attempts: 3,
            base_ms: 1_000,
            max_ms: 30_000,
            lock_attempts: 30,
            lock_base_ms: 50,
            lock_max_ms: 1_000,
            patience_ms: 3_600_000,
            settle_ms: 30_000,
        }
    }
}

impl RetryPolicy {
    /// For further rounds after one that got no lock: few attempts, since each makes the table's users wait.
    pub(crate) fn gentle(&self) -> Self {
        Self { lock_attempts: self.lock_attempts.min(GENTLE), ..self.clone() }
    }
}

/// Attempts for a lock in a round after the first.
const GENTLE: u32 = 3;

/// The attempts of one change.
pub(crate) struct Tries<'a> {
    policy: &'a RetryPolicy,
    begun: u32,
    troubles: u32,
    locks: u32,
}

impl<'a> Tries<'a> {
    pub fn new(policy: &'a RetryPolicy) -> Self {
        Self { policy, begun: 0, troubles: 0, locks: 0 }
    }

    /// Begins an attempt; gives its number.
    pub fn begin(&mut self) -> u32 {
        self.begun += 1;
        self.begun
    }

    /// Attempts begun so far.
    pub fn count(&self) -> u32 {
        self.begun
    }

    /// Times a lock was not granted.
    pub fn locks(&self) -> u32 {
        self.locks
    }

    /// Waits after a passing trouble; none if that was the last attempt.
    pub async fn after_trouble(&mut self) -> Option<()> {
        self.troubles += 1;
        let RetryPolicy { attempts, base_ms, max_ms, .. } = *self.policy;
        (self.troubles < attempts).then_some(())?;
        tokio::time::sleep(jittered(base_ms, max_ms, self.troubles)).await;
        Some(())
    }

    /// After a connection was lost and its attempt settled: none if that was the last attempt.
    pub fn after_loss(&mut self) -> Option<()> {
        self.troubles += 1;
        (self.troubles < self.policy.attempts).then_some(())
    }

    /// Waits after a lock was not granted; none if that was the last attempt.
    pub async fn after_lock(&mut self) -> Option<()> {
        self.locks += 1;
        let RetryPolicy { lock_attempts, lock_base_ms, lock_max_ms, .. } = *self.policy;
        (self.locks < lock_attempts).then_some(())?;
        tokio::time::sleep(jittered(lock_base_ms, lock_max_ms, self.locks)).await;
        Some(())
    }
}

/// A random part of `base × 2^(nth - 1)`, which `max` bounds.
pub(crate) fn jittered(base_ms: u64, max_ms: u64, nth: u32) -> Duration {
    let most =
        base_ms.saturating_mul(1_u64.checked_shl(nth.saturating_sub(1)).unwrap_or(u64::MAX)).min(max_ms);
    Duration::from_millis(rand::rng().random_range(0..=most))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn each_trouble_is_counted_by_itself() {
        let policy = RetryPolicy { base_ms: 0, lock_base_ms: 0, lock_attempts: 2, ..RetryPolicy::default() };
        let mut tries = Tries::new(&policy);
        assert_eq!((tries.after_trouble().await, tries.after_lock().await), (Some(()), Some(())));
        assert_eq!((tries.after_trouble().await, tries.after_lock().await), (Some(()), None));
        assert_eq!(tries.after_trouble().await, None);
    }

    #[test]
    fn waits_are_bounded() {
        assert!((0..200).all(|nth| jittered(1_000, 2_000, nth) <= Duration::from_millis(2_000)));
    }
}
