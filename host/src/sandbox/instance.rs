//! One call of a hook: a fresh instance, the call, the reply, and what went wrong.

use std::time::{Duration, Instant};

use hookwright_core::hook::{Context, HookCall, HookReply};
use tokio::sync::SemaphorePermit;
use wasmtime::{Store, Trap, WasmBacktrace};

use super::bindings::hookwright::hooks::types::Rejection;
use super::bindings::hookwright::hooks::{intents, types};
use super::convert::{lift, lower};
use super::fault::Fault;
use super::guest::{Guest, GuestWorld, tick};
use super::limits::RESOURCES;
use super::load::{Code, one_line};
use super::log::{LogLine, clean};
use super::{Loaded, Sandbox, Shared};

/// What the engine says when a guest hands over too much; it has no type that can be named.
const OUTPUT_EXHAUSTED: &str = "fuel allocated for hostcalls has been exhausted";
/// Characters of the last log line that a trap's message quotes.
const QUOTED_CHARS: usize = 300;

/// A call that gave a reply.
#[derive(Debug, Clone, PartialEq)]
pub struct Called {
    /// What the hook gave back.
    pub reply: HookReply,
    /// What the plugin logged and printed.
    pub log: Vec<LogLine>,
    /// How long the call took, waiting for its turn not included.
    pub duration: Duration,
    /// Bytes of all memories and tables at the end.
    pub memory_peak_bytes: u64,
}

/// A call with all that is known of it, whether it gave a reply or not.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// What the hook gave back, or why it did not.
    pub reply: Result<HookReply, Fault>,
    /// What the plugin logged and printed.
    pub log: Vec<LogLine>,
    /// How long the call took, waiting for its turn not included.
    pub duration: Duration,
    /// Bytes of all memories and tables at the end.
    pub memory_peak_bytes: u64,
}

/// What the guest returned, before it is looked at.
enum Raw {
    Entity(Option<types::EntitySpec>),
    Field(Option<types::FieldSpec>),
    Intents(Vec<intents::Intent>),
}

/// A call that the engine broke off, and whether the guest's hook had begun.
struct Broken {
    error: wasmtime::Error,
    began: bool,
}

impl Loaded {
    /// Calls a hook.
    ///
    /// # Errors
    /// A [`Fault`]. It has no log with it; [`Loaded::run`] gives that too.
    pub async fn call(
        &self,
        sandbox: &Sandbox,
        cx: &Context,
        call: &HookCall,
        world: GuestWorld,
    ) -> Result<Called, Fault> {
        let Run { reply, log, duration, memory_peak_bytes } = self.run(sandbox, cx, call, world).await;
        reply.map(|reply| Called { reply, log, duration, memory_peak_bytes })
    }

    /// Calls a hook and tells all that is known of the call, its log above all, even if it gave no reply.
    pub async fn run(&self, sandbox: &Sandbox, cx: &Context, call: &HookCall, world: GuestWorld) -> Run {
        let shared = &*sandbox.shared;
        let _place = match place(shared).await {
            Ok(place) => place,
            Err(fault) => {
                return Run {
                    reply: Err(fault),
                    log: vec![],
                    duration: Duration::ZERO,
                    memory_peak_bytes: 0,
                };
            }
        };
        let started = Instant::now();
        let mut store = store(shared, &self.code, world.clone());
        let outcome =
            tokio::time::timeout(shared.limits.call_timeout(), dispatch(&mut store, &self.code, cx, call))
                .await;
        let mut guest = store.into_data();
        let outcome = outcome.unwrap_or_else(|_| {
            let limit_ms = shared.limits.call_timeout_ms;
            let error = guest.stop(Fault::Timeout { limit_ms });
            Err(Broken { error, began: true })
        });
        let reply = conclude(&mut guest, outcome, &world);
        let memory_peak_bytes = guest.budget.peak_bytes();
        Run { reply, log: guest.log.into_lines(), duration: started.elapsed(), memory_peak_bytes }
    }
}

/// A place among the calls that may run at once. Given back when dropped, so also when the caller goes away.
async fn place(shared: &Shared) -> Result<SemaphorePermit<'_>, Fault> {
    if let Ok(place) = shared.places.try_acquire() {
        return Ok(place);
    }
    let started = Instant::now();
    let turn = tokio::time::timeout(shared.limits.queue_wait(), shared.places.acquire()).await;
    turn.ok().and_then(Result::ok).ok_or_else(|| Fault::Overloaded {
        limit: shared.limits.concurrent_calls,
        waited_ms: started.elapsed().as_millis() as u64,
    })
}

fn store(shared: &Shared, code: &Code, world: GuestWorld) -> Store<Guest> {
    let guest = Guest::new(shared.limits.clone(), shared.ticks, code.seed, world);
    let mut store = Store::new(&shared.engine, guest);
    store.limiter(|guest| &mut guest.budget);
    store.set_hostcall_fuel(usize::try_from(shared.limits.output_bytes).unwrap_or(usize::MAX));
    store.set_max_component_handles(RESOURCES);
    store.epoch_deadline_callback(tick);
    // Before instantiation: start functions are guest code too.
    store.set_epoch_deadline(1);
    store
}

type Refusable<T> = Result<T, Rejection>;

async fn dispatch(
    store: &mut Store<Guest>,
    code: &Code,
    cx: &Context,
    call: &HookCall,
) -> Result<Refusable<Raw>, Broken> {
    let instantiated = code.plugin.instantiate_async(&mut *store).await;
    let plugin = instantiated.map_err(|error| Broken { error, began: false })?;
    let (entity, field) = (plugin.hookwright_hooks_entity_hooks(), plugin.hookwright_hooks_field_hooks());
    let cx = lower::context(cx);
    let raw = match call {
        HookCall::EntityBefore(change) => {
            let reply = entity.call_before(store, &cx, &lower::entity_change(change)).await;
            reply.map(|reply| reply.map(Raw::Entity))
        }
        HookCall::EntityAfter(change) => {
            let reply = entity.call_after(store, &cx, &lower::entity_change(change)).await;
            reply.map(|reply| reply.map(Raw::Intents))
        }
        HookCall::FieldBefore(change) => {
            let reply = field.call_before(store, &cx, &lower::field_change(change)).await;
            reply.map(|reply| reply.map(Raw::Field))
        }
        HookCall::FieldAfter(change) => {
            let reply = field.call_after(store, &cx, &lower::field_change(change)).await;
            reply.map(|reply| reply.map(Raw::Intents))
        }
    };
    raw.map_err(|error| Broken { error, began: true })
}

fn conclude(
    guest: &mut Guest,
    outcome: Result<Refusable<Raw>, Broken>,
    world: &GuestWorld,
) -> Result<HookReply, Fault> {
    let collected = guest.collect_output();
    let raw = match outcome {
        Ok(Ok(raw)) => raw,
        Ok(Err(rejection)) => return Err(Fault::Rejected(lift::rejection(rejection))),
        Err(broken) => return Err(collected.err().unwrap_or_else(|| why(guest, broken))),
    };
    collected?;
    match raw {
        Raw::Entity(spec) => Ok(HookReply::Entity(spec.map(lift::entity_spec).transpose()?)),
        Raw::Field(spec) => Ok(HookReply::Field(spec.map(lift::field_spec).transpose()?)),
        Raw::Intents(list) => {
            let (limit, count) = (guest.limits().intents, list.len() as u64);
            if count > limit {
                return Err(Fault::Intents { limit, count });
            }
            lift::intents(list, &world.schema).map(HookReply::Intents)
        }
    }
}

/// What the host noted comes first: it knows better than the trap that followed.
fn why(guest: &mut Guest, Broken { error, began }: Broken) -> Fault {
    if let Some(fault) = guest.stopped() {
        return fault;
    }
    let limits = guest.limits();
    let (stack_bytes, output_bytes, concurrent_calls) =
        (limits.stack_bytes, limits.output_bytes, limits.concurrent_calls);
    if error.is::<wasmtime::PoolConcurrencyLimitError>() {
        return Fault::Overloaded { limit: concurrent_calls, waited_ms: 0 };
    }
    let trap = error.downcast_ref::<Trap>();
    if trap == Some(&Trap::StackOverflow) {
        return Fault::Stack { limit_bytes: stack_bytes };
    }
    if let Some(denied) = guest.budget.denied() {
        return denied;
    }
    let exit = error.downcast_ref::<wasmtime_wasi::I32Exit>();
    let message = match (trap, exit) {
        (Some(trap), _) => trap.to_string().replacen("wasm trap: ", "", 1),
        (None, Some(exit)) => format!("it exits with status {}", exit.0),
        (None, None) if error.root_cause().to_string().contains(OUTPUT_EXHAUSTED) => {
            return Fault::Output { limit_bytes: output_bytes };
        }
        (None, None) if began => return Fault::malformed(one_line(&error)),
        (None, None) => return Fault::Host { detail: format!("{error:#}") },
    };
    trapped(guest, message, &error)
}

/// What the plugin said last tells more than the trap: a panic logs its message before it traps.
fn trapped(guest: &Guest, message: String, error: &wasmtime::Error) -> Fault {
    let message = match guest.log.last() {
        Some(line) => {
            let text: String = line.text.chars().take(QUOTED_CHARS).collect();
            format!("{message}; it logged last: {text}")
        }
        None => message,
    };
    let frames = error.downcast_ref::<WasmBacktrace>();
    let backtrace = frames.map(ToString::to_string).unwrap_or_default();
    let backtrace: Vec<_> = backtrace.lines().map(clean).collect();
    Fault::Trap { message, backtrace: backtrace.join("\n") }
}
