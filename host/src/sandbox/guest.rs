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
    /// Why the host stopped the guest, if it did.
    stopped: Option<Fault>,
    ticks_left: u64,
    /// From one tick to the next.
    tick: Duration,
    /// How long it asked to wait.
    waited: Duration,
    host_calls_left: u64,
    limits: Arc<Limits>,
}

impl Guest {
    pub fn new(limits: Arc<Limits>, ticks: u64, seed: u64, world: GuestWorld) -> Self {
        Self {
            world,
            budget: Budget::new(&limits),
            log: Log::new(limits.log_bytes),
            wasi: None,
            seed,
            stopped: None,
            ticks_left: ticks,
            tick: Duration::from_millis(limits.deadline_ms) / u32::try_from(ticks.max(1)).unwrap_or(u32::MAX),
            waited: Duration::ZERO,
            host_calls_left: limits.host_calls,
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
