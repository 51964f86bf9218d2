//! One call of a hook: a fresh instance, the call, the reply, and what went wrong.

use std::time::{Duration, Instant};

use hookwright_core::hook::{Context, HookCall, HookReply};
use wasmtime::{Store, Trap, WasmBacktrace};

use super::bindings::hookwright::hooks::{intents, types};
use super::convert::lift;
use super::convert::lower::{self, Asked, AskedOf};
use super::fault::Fault;
use super::guest::{Guest, GuestWorld, tick};
use super::hooks::{self, Refusable};
use super::limits::RESOURCES;
use super::load::{Code, one_line};
use super::log::{LogLine, clean};
use super::turns::{Entry, Share, Turn};
use super::{Loaded, Sandbox, Shared};

/// What the engine says when a guest hands over too much; it has no type that can be named.
const OUTPUT_EXHAUSTED: &str = "fuel allocated for hostcalls has been exhausted";
/// Characters that a trap quotes of the last log line, and of each frame.
const QUOTED_CHARS: usize = 300;
/// What is likely behind an access below the memory's start.
const STACK_LIKELY: &str = ", most likely because the stack in its memory overflowed: let it recurse less, and keep large values off the stack";

/// What a hook is asked: in which context, about what, and what its plugin may see.
#[derive(Debug, Clone)]
pub struct Question<'a> {
    /// Where it comes from.
    pub cx: &'a Context,
    /// The hook, and the change that it is about.
    pub call: &'a HookCall,
    /// What the plugin may see.
    pub world: GuestWorld,
}

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
    /// How long of that the guest, and what the host does for it, kept a processor busy.
    pub ran: Duration,
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
    /// Calls a hook, with all places open to its organisation.
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
        let run = self.run(sandbox, Share::WHOLE, Question { cx, call, world }).await;
        let Run { reply, log, duration, memory_peak_bytes, ran: _ } = run;
        reply.map(|reply| Called { reply, log, duration, memory_peak_bytes })
    }

    /// Calls a hook and tells all that is known of the call, its log above all, even if it gave no reply.
    pub async fn run(&self, sandbox: &Sandbox, share: Share, question: Question<'_>) -> Run {
        let shared = &sandbox.shared;
        match shared.turns.wait(&question.cx.org, share, shared.limits.queue_wait()).await {
            Ok(turn) => self.run_in(turn, sandbox, question).await,
            Err(fault) => Run::refused(fault),
        }
    }

    /// The same if a place is free at once; none if it is not.
    pub async fn run_at_leisure(
        &self,
        sandbox: &Sandbox,
        share: Share,
        question: Question<'_>,
    ) -> Option<Run> {
        match sandbox.shared.turns.enter(&question.cx.org, share) {
            Entry::Now(turn) => Some(self.run_in(turn, sandbox, question).await),
            Entry::Later(_) | Entry::Full => None,
        }
    }

    /// The same in a place that was taken before.
    async fn run_in(&self, turn: Turn, sandbox: &Sandbox, Question { cx, call, world }: Question<'_>) -> Run {
        let (shared, code) = (sandbox.shared.clone(), self.code.clone());
        let (asked, lowering) = lowered(cx, call);
        let guest = async move {
            // Given back once the instance is gone, wherever that happens.
            let _turn = turn;
            begin(&shared, &code, asked, world).await
        };
        let run = sandbox.shared.lane.run(&cx.org, guest).await;
        Run { ran: run.ran + lowering, ..run }
    }
}

/// What the guest is given, and how long it took to make that: so little that the clock will do.
fn lowered(cx: &Context, call: &HookCall) -> (Asked, Duration) {
    let begun = Instant::now();
    (lower::asked(cx, call), begun.elapsed())
}

impl Run {
    /// A call that was never begun.
    pub(super) fn refused(fault: Fault) -> Self {
        let (duration, ran) = (Duration::ZERO, Duration::ZERO);
        Self { reply: Err(fault), log: vec![], duration, ran, memory_peak_bytes: 0 }
    }
}

async fn begin(shared: &Shared, code: &Code, asked: Asked, world: GuestWorld) -> Run {
    let started = Instant::now();
    let mut store = store(shared, code, world.clone());
    let guest = dispatch(&mut store, code, asked);
    let outcome = tokio::time::timeout(shared.limits.call_timeout(), guest).await;
    let mut guest = store.into_data();
    let outcome = outcome.unwrap_or_else(|_| {
        let limit_ms = shared.limits.call_timeout_ms;
        let error = guest.stop(Fault::Timeout { limit_ms });
        Err(Broken { error, began: true })
    });
    let reply = conclude(&mut guest, outcome, &world).await;
    let memory_peak_bytes = guest.budget.peak_bytes();
    let ran = guest.waited();
    let log = guest.log.into_lines();
    Run { reply, log, duration: started.elapsed(), ran, memory_peak_bytes }
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

async fn dispatch(store: &mut Store<Guest>, code: &Code, asked: Asked) -> Result<Refusable<Raw>, Broken> {
    let unbegun = |error| Broken { error, began: false };
    let broken = |error| Broken { error, began: true };
    let instance = code.instance.instantiate_async(&mut *store).await.map_err(unbegun)?;
    let Asked { cx, call } = asked;
    // Each kind of change and each reply has a type of its own.
    macro_rules! call {
        ($hook:ident, $change:expr, $raw:expr) => {{
            let hook = hooks::typed(store, &instance, &code.hooks.$hook).map_err(unbegun)?;
            let (reply,) = hook.call_async(store, (&cx, &$change)).await.map_err(broken)?;
            Ok(reply.map($raw))
        }};
    }
    match call {
        AskedOf::EntityBefore(change) => call!(entity_before, change, Raw::Entity),
        AskedOf::EntityAfter(change) => call!(entity_after, change, Raw::Intents),
        AskedOf::FieldBefore(change) => call!(field_before, change, Raw::Field),
        AskedOf::FieldAfter(change) => call!(field_after, change, Raw::Intents),
    }
}

async fn conclude(
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
            lift::intents(list, &world.schema).await.map(HookReply::Intents)
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
        // Compilers put the stack at the start of the memory, and have it grow down.
        (Some(trap @ Trap::MemoryOutOfBounds), _) => format!("{}{STACK_LIKELY}", plain(*trap)),
        (Some(trap), _) => plain(*trap),
        (None, Some(exit)) => format!("it exits with status {}", exit.0),
        (None, None) if error.root_cause().to_string().contains(OUTPUT_EXHAUSTED) => {
            return Fault::Output { limit_bytes: output_bytes };
        }
        (None, None) if began => return Fault::malformed(one_line(&error)),
        (None, None) => return Fault::Host { detail: format!("{error:#}") },
    };
    trapped(guest, message, &error)
}

fn plain(trap: Trap) -> String {
    trap.to_string().replacen("wasm trap: ", "", 1)
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
    // The guest names its functions, at any length.
    let line = |line: &str| clean(line).chars().take(QUOTED_CHARS).collect::<String>();
    let backtrace: Vec<_> = backtrace.lines().map(line).collect();
    Fault::Trap { message, backtrace: backtrace.join("\n") }
}
