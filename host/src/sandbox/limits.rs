//! What a plugin may use up in one call, and what the sandbox as a whole may. Part of the configuration;
//! the sandbox alone acts on it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// One page of a linear memory, in bytes.
pub(super) const PAGE_BYTES: u64 = 64 * 1024;
/// Linear memories that one component may define; a Rust guest has one.
pub(super) const MEMORIES: u32 = 4;
/// Tables that one component may define; a Rust guest has two, JavaScript and Python guests a few.
pub(super) const TABLES: u32 = 8;
/// Core instances that one component may be made of; a Rust guest has three, a Python guest 14, one whose system interface
/// is stubbed out 38.
pub(super) const CORE_INSTANCES: u32 = 48;
/// Handles and other resources of the system interface that one call may hold.
pub(super) const RESOURCES: usize = 1000;

/// Limits of the sandbox. Each call has all of the first part to itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Milliseconds that the guest's own code may run. Default 100: thousands of times what a hook
    /// needs, and little enough that a spinning plugin shows at once. Time in which the guest is not
    /// scheduled does not count.
    pub deadline_ms: u64,
    /// Milliseconds after which a call is slow: it is told in the log and counted, and goes on. Default 25: far more than a
    /// hook needs, and time to act before the deadline is met.
    pub slow_ms: u64,
    /// Bytes of all memories and tables together. Default 64 MiB: a Rust guest takes 0.25, a Python
    /// guest about 20; with all calls at their limit the host needs `concurrent_calls` times this.
    pub memory_bytes: u64,
    /// Bytes of the guest's call stack outside its memory. Default 256 KiB: recursion some thousand deep.
    pub stack_bytes: u64,
    /// Elements of all tables together. Default 100,000: a large interpreter has some ten thousand functions.
    pub table_elements: u64,
    /// Bytes that one reply, or one argument of a host call, may take in the host. Default 8 MiB: room
    /// for `intents` of the larger kind.
    pub output_bytes: u64,
    /// Intents that one reply may hold. Default 10,000: ten for each column of a table as wide as PostgreSQL allows, with
    /// the plan still made in well under a second.
    pub intents: u64,
    /// Parts of tables that the intents of one reply may go through: each counts its table's columns, indexes and the like, and
    /// what their expressions have. Default 10 million: 10,000 intents on a table of 900 columns, in about a second.
    pub effort: u64,
    /// Intents that all plugins together may ask for in one change, counted with the columns, values of an `Enum` and parts
    /// of expressions that they bring along. Default 100,000: some thousand entities, judged in a few
    /// seconds. What is worked out anew for all entities, such as a repair, has no such bound.
    pub change_intents: u64,
    /// Calls of host functions. Default 10,000: each takes microseconds, so that all of them fit the deadline.
    pub host_calls: u64,
    /// Bytes of log lines, each counted with 32 more. Default 64 KiB: a screenful is 8.
    pub log_bytes: u64,
    /// Bytes of a component that is loaded. Default 32 MiB: a Rust plugin has 0.1, a Python plugin 18.
    pub component_bytes: u64,
    /// Calls that run at the same time; further ones wait. Default 32: calls use the processor and do
    /// not block, so more of them would only make each slower.
    pub concurrent_calls: u32,
    /// Milliseconds that a call waits for its turn before it is refused as overloaded. Default 1,000:
    /// past that, the caller does better to try another host.
    pub queue_wait_ms: u64,
    /// Milliseconds by the clock on the wall from the start of a call to its end. Default 5,000: it ends
    /// calls that the host itself holds up.
    pub call_timeout_ms: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            deadline_ms: 100,
            slow_ms: 25,
            memory_bytes: 64 << 20,
            stack_bytes: 256 << 10,
            table_elements: 100_000,
            output_bytes: 8 << 20,
            intents: 10_000,
            effort: 10_000_000,
            change_intents: 100_000,
            host_calls: 10_000,
            log_bytes: 64 << 10,
            component_bytes: 32 << 20,
            concurrent_calls: 32,
            queue_wait_ms: 1_000,
            call_timeout_ms: 5_000,
        }
    }
}

/// A limit that makes no sense.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the sandbox limit \"{name}\" is {value}, possible are {least} to {most}; correct the configuration")]
pub struct LimitError {
    /// The limit's name.
    pub name: &'static str,
    /// What it was set to.
    pub value: u64,
    /// The least that makes sense.
    pub least: u64,
    /// The most that makes sense.
    pub most: u64,
}

impl Limits {
    /// Checks every limit against what the sandbox can keep.
    ///
    /// # Errors
    /// The first [`LimitError`] found.
    pub fn validate(&self) -> Result<(), LimitError> {
        let Self {
            deadline_ms,
            slow_ms,
            memory_bytes,
            stack_bytes,
            table_elements,
            output_bytes,
            intents,
            effort,
            change_intents,
            host_calls,
            log_bytes,
            component_bytes,
            concurrent_calls,
            queue_wait_ms,
            call_timeout_ms,
        } = *self;
        within("deadline_ms", deadline_ms, 1, 600_000)?;
        within("slow_ms", slow_ms, 1, 3_600_000)?;
        within("memory_bytes", memory_bytes, PAGE_BYTES, 4 << 30)?;
        within("stack_bytes", stack_bytes, 16 << 10, 16 << 20)?;
        within("table_elements", table_elements, 1, 10_000_000)?;
        within("output_bytes", output_bytes, 1 << 10, 1 << 30)?;
        within("intents", intents, 1, 1_000_000)?;
        within("effort", effort, 1, 1_000_000_000)?;
        within("change_intents", change_intents, 1, 10_000_000)?;
        within("host_calls", host_calls, 1, 10_000_000)?;
        within("log_bytes", log_bytes, 1 << 10, 64 << 20)?;
        within("component_bytes", component_bytes, 1 << 10, 1 << 30)?;
        within("concurrent_calls", concurrent_calls.into(), 1, 1_000)?;
        within("queue_wait_ms", queue_wait_ms, 0, 600_000)?;
        within("call_timeout_ms", call_timeout_ms, 1, 3_600_000)
    }

    pub(super) fn queue_wait(&self) -> Duration {
        Duration::from_millis(self.queue_wait_ms)
    }

    pub(super) fn call_timeout(&self) -> Duration {
        Duration::from_millis(self.call_timeout_ms)
    }
}

fn within(name: &'static str, value: u64, least: u64, most: u64) -> Result<(), LimitError> {
    match (least..=most).contains(&value) {
        true => Ok(()),
        false => Err(LimitError { name, value, least, most }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_valid() {
        assert_eq!(Limits::default().validate(), Ok(()));
    }

    #[test]
    fn a_limit_of_nothing_is_named() {
        let error = Limits { deadline_ms: 0, ..Limits::default() }.validate().expect_err("refused");
        let text =
            "the sandbox limit \"deadline_ms\" is 0, possible are 1 to 600000; correct the configuration";
        assert_eq!(error.to_string(), text);
    }

    #[test]
    fn unknown_limits_are_refused() {
        assert!(toml::from_str::<Limits>("deadline_ms = 5").is_ok());
        assert!(toml::from_str::<Limits>("deadline = 5").is_err());
    }
}
