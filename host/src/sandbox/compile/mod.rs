//! From a component's bytes to machine code: out of the cache, or by the compiler, which runs in a process of its own.
//!
//! `load.rs` alone calls it. A component may be made to choke the compiler; what it can use up there is bounded, and
//! nothing of the host is within its reach. It touches the cache's directory.

mod cache;
mod child;
mod worker;

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use wasmtime::Engine;
use wasmtime::component::Component;

use super::load::{LoadError, one_line};
use cache::Cache;
pub use worker::work;

/// How components are compiled, and where what was compiled is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CompileConfig {
    /// Directory of what was compiled; `compiled` beside the control database, if none is named. Safe to delete.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache: Option<PathBuf>,
    /// Most bytes kept there. Default 2 GiB: what is oldest goes first; a Rust plugin takes 0.1 MB, a Python plugin 40.
    pub cache_bytes: u64,
    /// Milliseconds that compiling one component may take. Default 60,000: an interpreter takes 5,000 on two cores.
    pub timeout_ms: u64,
    /// Bytes that compiling one component may take, 24 MiB or more. Default 2 GiB: more than any honest one takes.
    pub memory_bytes: u64,
    /// The program that compiles: `hookwright` itself. An embedding program names one, or components are compiled
    /// within it, where nothing bounds what a hostile one uses up.
    #[serde(skip)]
    pub program: Option<PathBuf>,
}

impl Default for CompileConfig {
    fn default() -> Self {
        Self { cache: None, cache_bytes: 2 << 30, timeout_ms: 60_000, memory_bytes: 2 << 30, program: None }
    }
}

/// What the engine says of machine code that another version of the program made; it has no type that can be named.
const OTHER_VERSION: &str = "was compiled with";

/// Compiles components, each once for as long as the cache keeps it.
#[derive(Debug, Default)]
pub(super) struct Compiler {
    config: CompileConfig,
    cache: Option<Cache>,
    /// Held while something is compiled: the compiler itself uses every processor. What is kept needs no turn.
    turn: Mutex<()>,
}

impl Compiler {
    /// A compiler with a cache in a directory. One that cannot be used is told, and done without.
    pub fn new(config: &CompileConfig, cache: &Path) -> Self {
        let opened = Cache::open(cache, config.cache_bytes).inspect_err(|error| {
            let path = cache.display();
            tracing::warn!(%path, %error, "no cache of compiled plugins: each start compiles them anew");
        });
        Self { config: config.clone(), cache: opened.ok(), turn: Mutex::default() }
    }

    /// Whether the machine code of a component is kept.
    pub fn keeps(&self, engine: &Engine, digest: &str) -> bool {
        self.cache.as_ref().is_some_and(|cache| cache.keeps(&cache.entry(engine, digest)))
    }

    /// The machine code of a component.
    pub fn compile(&self, engine: &Engine, digest: &str, bytes: &[u8]) -> Result<Component, LoadError> {
        let kept = self.cache.as_ref().map(|cache| (cache, cache.entry(engine, digest)));
        let find = || kept.as_ref().and_then(|(cache, entry)| cache.get(engine, entry));
        if let Some(component) = find() {
            return Ok(component);
        }
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        // Whoever had the turn before may have compiled the same.
        if let Some(component) = find() {
            return Ok(component);
        }
        let code = match &self.config.program {
            Some(program) => child::compile(program, &self.config, bytes)?,
            None => here(engine, bytes)?,
        };
        let component = trusted(engine, &code).map_err(|e| unusable(&one_line(&e)))?;
        if let Some((cache, entry)) = kept {
            cache.put(&entry, &code);
        }
        Ok(component)
    }
}

/// Why fresh machine code cannot be used: another version of the program made it, or the pool has no place for it.
fn unusable(what: &str) -> LoadError {
    match what.contains(OTHER_VERSION) {
        true => LoadError::Compiler {
            what: format!("its program is not this host's any more ({what}); start the host anew"),
        },
        false => LoadError::OverLimits { what: what.to_owned() },
    }
}

/// Compiles within this process.
fn here(engine: &Engine, bytes: &[u8]) -> Result<Vec<u8>, LoadError> {
    engine.precompile_component(bytes).map_err(|error| LoadError::Compile { what: one_line(&error) })
}

/// A component from machine code that this host's compiler made.
#[allow(unsafe_code)]
fn trusted(engine: &Engine, code: &[u8]) -> wasmtime::Result<Component> {
    // SAFETY: the bytes come from our compiler, through a pipe of ours or with a MAC under a key that only we can read.
    unsafe { Component::deserialize(engine, code) }
}
