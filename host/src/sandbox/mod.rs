//! The sandbox: loads plugins and calls their hooks, each call in an instance of its own that nothing survives.
//!
//! Only the pipeline and the registry call it. It sees no database, no file and no network.

mod bindings;
mod budget;
mod compile;
mod contract;
mod convert;
mod engine;
mod fault;
mod guest;
mod hooks;
mod host_calls;
mod instance;
mod lane;
mod limits;
mod load;
mod log;
mod turns;
mod wasi;

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use wasmtime::Engine;
use wasmtime::component::{HasSelf, Linker};

pub use compile::{CompileConfig, work as compiler};
pub use fault::{Blame, Fault};
pub use guest::GuestWorld;
pub use instance::{Called, Question, Run};
pub use limits::{LimitError, Limits};
pub use load::{LoadError, Loaded};
pub use log::{LogLevel, LogLine};
pub(crate) use turns::Turns;
pub use turns::{Share, Turn};

use compile::Compiler;
use guest::Guest;
use lane::Lane;
use load::Code;

/// Why there is no sandbox.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// A limit that makes no sense.
    #[error(transparent)]
    Limit(#[from] LimitError),
    /// The engine does not start.
    #[error(
        "the WebAssembly engine does not start: {0}; check that the processor and the address space suffice"
    )]
    Engine(String),
    /// The clock's thread does not start.
    #[error("the thread that stops plugins does not start; raise the limit of threads of this process")]
    Ticker(#[source] std::io::Error),
    /// The threads for guests that run long do not start.
    #[error("the threads for plugins that run long do not start; raise the limit of threads of this process")]
    Lane(#[source] std::io::Error),
}

impl SandboxError {
    fn engine(error: wasmtime::Error) -> Self {
        Self::Engine(format!("{error:#}"))
    }
}

/// The sandbox. Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct Sandbox {
    shared: Arc<Shared>,
}

struct Shared {
    engine: Engine,
    pooling: bool,
    /// Ticks of the clock that a guest may see.
    ticks: u64,
    limits: Arc<Limits>,
    compiler: Compiler,
    turns: Turns,
    /// Whose component is compiled next.
    compiles: Turns,
    lane: Lane,
    /// With the hook contract alone.
    plain: Linker<Guest>,
    /// With the empty system interface beside it.
    with_wasi: Linker<Guest>,
    /// What is loaded, by digest; kept as long as someone holds it.
    loaded: Mutex<HashMap<Arc<str>, Weak<Code>>>,
}

impl Sandbox {
    /// Starts a sandbox that compiles within this process and keeps nothing of it.
    ///
    /// # Errors
    /// A [`SandboxError`] if a limit makes no sense or the machine does not allow it.
    pub fn new(limits: &Limits) -> Result<Self, SandboxError> {
        Self::start(limits, Compiler::default())
    }

    /// Starts a sandbox that compiles as it is told, and keeps what was compiled in a directory. One for the process is
    /// enough.
    ///
    /// # Errors
    /// As [`Sandbox::new`].
    pub fn with_cache(limits: &Limits, compile: &CompileConfig, cache: &Path) -> Result<Self, SandboxError> {
        Self::start(limits, Compiler::new(compile, cache))
    }

    fn start(limits: &Limits, compiler: Compiler) -> Result<Self, SandboxError> {
        limits.validate()?;
        let engine::Started { engine, pooling, tick } = engine::start(limits)?;
        let plain = linker(&engine)?;
        let mut with_wasi = plain.clone();
        wasi::add_to(&mut with_wasi).map_err(SandboxError::engine)?;
        let ticks = limits.deadline_ms.div_ceil(tick.as_millis().max(1) as u64);
        let compiles = Turns::new(1);
        let (turns, lane) = (Turns::new(limits.concurrent_calls), Lane::start(limits.call_timeout())?);
        let (limits, loaded) = (Arc::new(limits.clone()), Mutex::default());
        let shared = Shared {
            engine,
            pooling,
            ticks,
            limits,
            compiler,
            turns,
            compiles,
            lane,
            plain,
            with_wasi,
            loaded,
        };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// Whether memories come from a pool; if not, calls are slower.
    #[must_use]
    pub fn pooling(&self) -> bool {
        self.shared.pooling
    }

    /// The limits it keeps.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.shared.limits
    }

    /// Calls that could start now without waiting.
    #[must_use]
    pub fn free_places(&self) -> usize {
        self.shared.turns.free()
    }

    /// Calls that wait for their turn.
    #[must_use]
    pub fn waiting_calls(&self) -> usize {
        self.shared.turns.waiting()
    }

    /// How many calls of an organisation run, and how many wait.
    #[must_use]
    pub fn calls_of(&self, org: &str) -> (u32, u32) {
        self.shared.turns.of(org)
    }

    fn known(&self, digest: &str) -> Option<Arc<Code>> {
        let loaded = self.shared.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        loaded.get(digest).and_then(Weak::upgrade)
    }

    /// Keeps a component for whoever loads the same bytes later; if another was quicker, theirs is kept.
    fn keep(&self, code: Code) -> Arc<Code> {
        let mut loaded = self.shared.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(theirs) = loaded.get(&code.digest).and_then(Weak::upgrade) {
            return theirs;
        }
        loaded.retain(|_, code| code.strong_count() > 0);
        let code = Arc::new(code);
        loaded.insert(code.digest.clone(), Arc::downgrade(&code));
        code
    }
}

fn linker(engine: &Engine) -> Result<Linker<Guest>, SandboxError> {
    let mut linker = Linker::new(engine);
    let added = bindings::Plugin::add_to_linker::<_, HasSelf<_>>(&mut linker, |guest| guest);
    added.map_err(SandboxError::engine)?;
    Ok(linker)
}
