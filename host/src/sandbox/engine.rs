//! The wasmtime engine: what guests may use at all, where their memories come from, and the clock that stops them.
//!
//! `mod.rs` makes one engine for the process.

use std::time::Duration;

use wasmtime::{Config, Enabled, Engine, PoolingAllocationConfig, WasmFeatures};

use super::SandboxError;
use super::limits::{CORE_INSTANCES, Limits, MEMORIES, PAGE_BYTES, TABLES};

/// What host functions may use of a call's stack, beyond the guest's part.
const HOST_STACK_BYTES: u64 = 768 << 10;
/// What stays mapped of a memory between calls: a guest that our build makes fits, so that a call needs no system call.
const MEMORY_KEEP_BYTES: usize = 256 << 10;
/// The same for tables.
const TABLE_KEEP_BYTES: usize = 64 << 10;
/// The coarsest step of the clock that stops guests: so long one of them holds a thread before others get a turn.
const LONGEST_TICK: Duration = Duration::from_millis(2);

/// An engine, and whether its memories come from a pool.
pub(super) struct Started {
    pub engine: Engine,
    pub pooling: bool,
    pub tick: Duration,
}

pub(super) fn start(limits: &Limits) -> Result<Started, SandboxError> {
    let (engine, pooling) = match Engine::new(config(limits).allocation_strategy(pool(limits))) {
        Ok(engine) => (engine, true),
        Err(error) => {
            tracing::warn!(
                error = format!("{error:#}"),
                "no address space for a pool of plugin memories; each call maps its own, which is slower"
            );
            (Engine::new(&config(limits)).map_err(SandboxError::engine)?, false)
        }
    };
    let tick = tick(limits);
    start_ticker(&engine, tick)?;
    Ok(Started { engine, pooling, tick })
}

/// An engine that compiles for the others, and runs nothing.
pub(super) fn compiling() -> Result<Engine, SandboxError> {
    Engine::new(&config(&Limits::default())).map_err(SandboxError::engine)
}

fn config(limits: &Limits) -> Config {
    let mut config = Config::new();
    let off = WasmFeatures::THREADS
        | WasmFeatures::SHARED_EVERYTHING_THREADS
        | WasmFeatures::MEMORY64
        | WasmFeatures::GC
        | WasmFeatures::STACK_SWITCHING;
    config
        .epoch_interruption(true)
        .max_wasm_stack(bytes(limits.stack_bytes))
        .async_stack_size(bytes(limits.stack_bytes + HOST_STACK_BYTES))
        .wasm_features(off, false)
        .gc_support(false)
        .concurrency_support(false)
        // Backtraces name functions without them, and nothing else reads them: an eighth of what a plugin takes of memory.
        .generate_address_map(false)
        .native_unwind_info(false)
        // Equal inputs must give equal intents on every host.
        .relaxed_simd_deterministic(true)
        .cranelift_nan_canonicalization(true);
    config
}

fn pool(limits: &Limits) -> PoolingAllocationConfig {
    let calls = limits.concurrent_calls;
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(calls)
        .total_core_instances(calls * CORE_INSTANCES)
        .total_memories(calls * MEMORIES)
        .total_tables(calls * TABLES)
        .total_stacks(calls)
        .max_core_instances_per_component(CORE_INSTANCES)
        .max_memories_per_component(MEMORIES)
        .max_tables_per_component(TABLES)
        .max_tables_per_module(TABLES)
        .max_memories_per_module(MEMORIES)
        .max_memory_size(bytes(limits.memory_bytes.next_multiple_of(PAGE_BYTES)))
        .table_elements(bytes(limits.table_elements))
        .linear_memory_keep_resident(MEMORY_KEEP_BYTES)
        .table_keep_resident(TABLE_KEEP_BYTES)
        .max_unused_warm_slots(calls)
        // There is an open report of wrong memory contents with swap.
        .pagemap_scan(Enabled::No);
    pool
}

fn bytes(count: u64) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}

/// Fine enough that a deadline is kept to a tenth, coarse enough to cost nothing.
fn tick(limits: &Limits) -> Duration {
    Duration::from_millis(limits.deadline_ms / 10).clamp(Duration::from_millis(1), LONGEST_TICK)
}

/// Advances the engine's epoch for as long as the engine lives. A thread of its own: a guest that
/// spins may hold every thread of the runtime.
fn start_ticker(engine: &Engine, tick: Duration) -> Result<(), SandboxError> {
    let engine = engine.weak();
    let ticks = move || {
        while let Some(engine) = engine.upgrade() {
            engine.increment_epoch();
            drop(engine);
            std::thread::sleep(tick);
        }
    };
    let named = std::thread::Builder::new().name("hookwright-epoch".to_owned());
    named.spawn(ticks).map(drop).map_err(SandboxError::Ticker)
}
