//! The compiler's process, as the host sees it: it gets the component, gives machine code, and ends.
//!
//! It inherits nothing: no variables, no files but three pipes, no directory.

use std::io::{Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use rustix::process::Signal;

use super::CompileConfig;
use super::worker::{COMMAND, OUT_OF_TIME};
use crate::sandbox::load::LoadError;

/// Most bytes of what it says of an error.
const WORDS: u64 = 4_096;

/// Has a component compiled by a program.
pub(super) fn compile(
    program: &Path,
    limits: &CompileConfig,
    component: &[u8],
) -> Result<Vec<u8>, LoadError> {
    let failed = |error: std::io::Error| LoadError::Compiler {
        what: format!("\"{}\" could not be run: {error}", program.display()),
    };
    let mut child = start(program, limits).map_err(failed)?;
    let (code, words) = converse(&mut child, component).map_err(failed)?;
    let status = child.wait().map_err(failed)?;
    // On a busy machine it may have used up its processor time before its clock is looked at.
    let out_of_time = status.code() == Some(OUT_OF_TIME) || status.signal() == Some(Signal::XCPU.as_raw());
    match status.code() {
        Some(0) => Ok(code),
        Some(1) => Err(LoadError::Compile { what: words }),
        _ if out_of_time => {
            Err(LoadError::CompileLimit { name: "timeout_ms", limit: limits.timeout_ms, unit: "ms" })
        }
        // The second of it is a thread that finds no room for its stack.
        _ if words.contains("memory") || words.contains("temporarily unavailable") => {
            Err(LoadError::CompileLimit { name: "memory_bytes", limit: limits.memory_bytes, unit: "bytes" })
        }
        _ => Err(LoadError::Compiler { what: format!("it ended with {status}: {words}") }),
    }
}

fn start(program: &Path, limits: &CompileConfig) -> std::io::Result<Child> {
    Command::new(program)
        .arg(COMMAND)
        .args([limits.timeout_ms.to_string(), limits.memory_bytes.to_string()])
        .env_clear()
        // The allocator takes memory as it is needed: what it has reserved would count towards the limit.
        .env("MIMALLOC_ARENA_EAGER_COMMIT", "0")
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
}

/// Gives it the component, and takes what it answers. It reads all before it writes.
fn converse(child: &mut Child, component: &[u8]) -> std::io::Result<(Vec<u8>, String)> {
    let (mut code, mut words) = (Vec::new(), Vec::new());
    if let Some(mut input) = child.stdin.take() {
        // It may have ended already; its status says why.
        input.write_all(component).ok();
    }
    if let Some(mut output) = child.stdout.take() {
        output.read_to_end(&mut code)?;
    }
    if let Some(errors) = child.stderr.take() {
        errors.take(WORDS).read_to_end(&mut words)?;
    }
    let words = String::from_utf8_lossy(&words);
    let line = words.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ");
    Ok((code, crate::sandbox::log::clean(&line)))
}
