//! The compiler's process, from within: bounds itself, compiles what comes in, and ends.
//!
//! `hookwright` calls it before anything else, when it was started as that.

use std::io::{Read, Write};
use std::process::ExitCode;
use std::time::Duration;

use rustix::process::{Resource, Rlimit, setrlimit};

use crate::sandbox::engine;

/// What the program is called with: the milliseconds and bytes that follow are its limits.
pub(super) const COMMAND: &str = "compile-component";
/// The status it ends with when its time is up.
pub(super) const OUT_OF_TIME: i32 = 124;

/// Works as the compiler, if the process was started as that.
#[must_use]
pub fn work(arguments: &[String]) -> Option<ExitCode> {
    let [command, timeout_ms, memory_bytes] = arguments else { return None };
    let (timeout_ms, memory_bytes) = (timeout_ms.parse().ok()?, memory_bytes.parse().ok()?);
    (command == COMMAND).then(|| match bound(timeout_ms, memory_bytes).and_then(|()| compile()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(what) => {
            eprintln!("{what}");
            ExitCode::from(1)
        }
    })
}

fn compile() -> Result<(), String> {
    let mut component = Vec::new();
    std::io::stdin().read_to_end(&mut component).map_err(|e| e.to_string())?;
    let engine = engine::compiling().map_err(|e| e.to_string())?;
    let code = engine.precompile_component(&component).map_err(|e| crate::sandbox::load::one_line(&e))?;
    std::io::stdout().write_all(&code).map_err(|e| e.to_string())
}

/// Bounds the process: what it may take of time and memory, no files, no dumps.
fn bound(timeout_ms: u64, memory_bytes: u64) -> Result<(), String> {
    let watch = std::thread::Builder::new().name("hookwright-watch".to_owned());
    let watched = watch.spawn(move || {
        std::thread::sleep(Duration::from_millis(timeout_ms));
        std::process::exit(OUT_OF_TIME);
    });
    watched.map_err(|e| e.to_string())?;
    let cores = std::thread::available_parallelism().map_or(1, |cores| cores.get() as u64);
    let cpu_s = timeout_ms.div_ceil(1_000).saturating_add(1).saturating_mul(cores);
    // What is mapped to be written counts as data; address space that is only reserved does not.
    let limits = [
        (Resource::Data, memory_bytes, memory_bytes),
        // The system says what it ends the process for only below the second of both.
        (Resource::Cpu, cpu_s, cpu_s.saturating_add(1)),
        (Resource::Fsize, 0, 0),
        (Resource::Core, 0, 0),
    ];
    for (resource, current, maximum) in limits {
        let limit = Rlimit { current: Some(current), maximum: Some(maximum) };
        setrlimit(resource, limit).map_err(|e| format!("a limit could not be set: {e}"))?;
    }
    Ok(())
}
