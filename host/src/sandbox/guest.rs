//! What the host keeps of one call while the guest runs: its world, what it has left, and why it was stopped.

use std::sync::Arc;
use std::time::Duration;

use hookwright_core::metadata::Metadata;
use hookwright_core::schema::Schema;
use wasmtime::{StoreContextMut, UpdateDeadline};

use super::budget::Budget;
use super::fault::Fault;
use super::limits::Limits;
use super::log::Log;
use super::wasi::Wasi;

/// What a plugin sees of its organisation during a call.
#[derive(Debug, Clone)]
pub struct GuestWorld {
    /// The plugin's configuration, a JSON object.
    pub config: Arc<serde_json::Value>,
    /// The schema model at this moment, with all that earlier hooks of the change asked for.
    pub schema: Arc<Schema>,
    /// All entities, of which it learns the names.
    pub metadata: Arc<Metadata>,
}

/// The state of a call's store.
pub(super) struct Guest {
    pub world: GuestWorld,
    pub budget: Budget,
    pub log: Log,
    pub wasi: Option<Box<Wasi>>,
    pub seed: u64,
    /// The configuration as text, once it was asked for.
    pub config: Option<String>,
    /// Why the host stopped the guest, if it did.
    stopped: Option<Fault>,
    ticks_left: u64,
    /// From one tick to the next.
    tick: Duration,
    /// How long it asked to wait.
    waited: Duration,
    host_calls_left: u64,
    /// Bytes that were made for it, and are not counted as time yet.
    made_bytes: u64,
    limits: Arc<Limits>,
}

/// Bytes that the host makes for a guest in a millisecond: less than it does on one slow processor.
const MADE_PER_MS: u64 = 1 << 20;

impl Guest {
    pub fn new(limits: Arc<Limits>, ticks: u64, seed: u64, world: GuestWorld) -> Self {
        Self {
            world,
            budget: Budget::new(&limits),
            log: Log::new(limits.log_bytes),
            wasi: None,
            seed,
            config: None,
            stopped: None,
            ticks_left: ticks,
            tick: Duration::from_millis(limits.deadline_ms) / u32::try_from(ticks.max(1)).unwrap_or(u32::MAX),
            waited: Duration::ZERO,
            host_calls_left: limits.host_calls,
            made_bytes: 0,
            limits,
        }
    }

    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Why the call failed, where the host knows better than the trap says.
    pub fn stopped(&mut self) -> Option<Fault> {
        self.stopped.take()
    }

    /// Notes why the guest is stopped; the error unwinds it.
    pub fn stop(&mut self, fault: Fault) -> wasmtime::Error {
        let error = wasmtime::Error::msg(fault.to_string());
        self.stopped.get_or_insert(fault);
        error
    }

    /// Counts a wait that the guest asks for as if it ran that long: it keeps its place meanwhile.
    pub fn wait(&mut self, wanted: Duration) -> wasmtime::Result<()> {
        let ticks = wanted.as_nanos().div_ceil(self.tick.as_nanos().max(1));
        let left = u64::try_from(ticks).ok().and_then(|ticks| self.ticks_left.checked_sub(ticks));
        let Some(left) = left else {
            let wanted_ms = u64::try_from(wanted.as_millis()).unwrap_or(u64::MAX);
            return Err(self.stop(Fault::Wait { limit_ms: self.limits.deadline_ms, wanted_ms }));
        };
        (self.ticks_left, self.waited) = (left, self.waited + wanted);
        Ok(())
    }

    /// How long it asked to wait so far.
    pub fn waited(&self) -> Duration {
        self.waited
    }

    /// Counts what the host is about to make for the guest, as if the guest ran as long as that takes: between two ticks it
    /// could ask for any number of large things.
    pub fn make(&mut self, bytes: usize) -> wasmtime::Result<()> {
        self.made_bytes = self.made_bytes.saturating_add(bytes as u64);
        let tick_us = u64::try_from(self.tick.as_micros()).unwrap_or(u64::MAX).max(1);
        let per_tick = MADE_PER_MS.saturating_mul(tick_us).div_ceil(1_000);
        let ticks = self.made_bytes / per_tick;
        self.made_bytes %= per_tick;
        match self.ticks_left.checked_sub(ticks) {
            Some(left) => self.ticks_left = left,
            None => {
                let (limit_ms, kib_per_ms) = (self.limits.deadline_ms, MADE_PER_MS >> 10);
                return Err(self.stop(Fault::Asked { limit_ms, kib_per_ms }));
            }
        }
        Ok(())
    }

    /// Counts a call of a host function.
    pub fn host_call(&mut self) -> wasmtime::Result<()> {
        match self.host_calls_left.checked_sub(1) {
            Some(left) => self.host_calls_left = left,
            None => return Err(self.stop(Fault::HostCalls { limit: self.limits.host_calls })),
        }
        Ok(())
    }
}

/// Called when the clock ticks while the guest runs: lets others run, or ends the call.
pub(super) fn tick(mut store: StoreContextMut<'_, Guest>) -> wasmtime::Result<UpdateDeadline> {
    let guest = store.data_mut();
    match guest.ticks_left.checked_sub(1) {
        Some(left) => {
            guest.ticks_left = left;
            // The next tick counts from when the guest runs again.
            Ok(UpdateDeadline::Yield(1))
        }
        None => {
            let limit_ms = guest.limits.deadline_ms;
            guest.stop(Fault::Deadline { limit_ms });
            Ok(UpdateDeadline::Interrupt)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_made_for_a_guest_counts_as_if_it_ran() {
        let limits = Arc::new(Limits::default());
        let world = GuestWorld { config: Arc::default(), schema: Arc::default(), metadata: Arc::default() };
        let mut guest = Guest::new(limits.clone(), 50, 0, world);
        // Little things do not take a tick each.
        (0..10_000).try_for_each(|_| guest.make(1 << 10)).expect("10 of 100 ms");
        guest.make(89 << 20).expect("99 of 100 ms");
        assert!(guest.make(4 << 20).is_err());
        let stopped = guest.stopped().expect("a reason");
        assert_eq!(
            (stopped.code(), stopped),
            ("plugin/deadline", Fault::Asked { limit_ms: 100, kib_per_ms: 1024 })
        );
    }
}
