//! Runs cargo: the crate's core module, small, the same bytes from the same sources, ready for fast calls.
//!
//! Only `lib.rs` calls it. Writes below `target/hookwright-plugin` of the crate.
use std::path::{Path, PathBuf};
use std::process::Output;

use serde::Deserialize;

use crate::package::Package;
use crate::toolchain::{LIBRARY, TARGET, Toolchain, ToolchainKind};
use crate::{BuildError, Options};

const PAGE: u64 = 64 * 1024;
/// Enough that a usual call never grows memory: growing costs system calls, which do not scale over threads.
const INITIAL_MEMORY: u64 = 4 * PAGE;
/// A small stack leaves the initial memory to the heap; a hook's frames are shallow.
const STACK_BYTES: u64 = PAGE;
/// What a crate with much static data gets for its heap.
const SPARE_MEMORY: u64 = 2 * PAGE;

/// The core module's bytes.
pub(crate) fn compile(
    package: &Package,
    toolchain: &Toolchain,
    options: &Options,
) -> Result<Vec<u8>, BuildError> {
    let mut done = run(package, toolchain, options, INITIAL_MEMORY)?;
    if let Some(needed) = memory_needed(&done) {
        let ample = (needed + SPARE_MEMORY).next_multiple_of(PAGE);
        done = run(package, toolchain, options, ample)?;
    }
    if !done.status.success() {
        return Err(BuildError::Compile {
            name: package.name.clone(),
            toolchain: toolchain.version.clone(),
            output: said(&done),
        });
    }
    let module =
        module_path(&done.stdout, &package.id).ok_or_else(|| BuildError::NoCdylib(package.name.clone()))?;
    std::fs::read(&module).map_err(BuildError::io(&module))
}

fn run(
    package: &Package,
    toolchain: &Toolchain,
    options: &Options,
    memory: u64,
) -> Result<Output, BuildError> {
    let usual = || package.target_directory.join("hookwright-plugin");
    let target_dir = options.target_dir.clone().unwrap_or_else(usual);
    let target_dir = target_dir.join(toolchain.kind.as_str());
    let mut command = toolchain.cargo(&package.dir);
    command.args(["rustc", "--lib", "--release", "--target", TARGET]);
    command.args(["--message-format", "json-render-diagnostics"]);
    command.arg("--target-dir").arg(target_dir);
    command.arg("--manifest-path").arg(package.dir.join("Cargo.toml"));
    if toolchain.kind == ToolchainKind::Debian {
        command.args(["-Z", "build-std=std,panic_abort"]);
    }
    if options.offline {
        command.arg("--offline");
    }
    for (key, value) in PROFILE {
        command.env(format!("CARGO_PROFILE_RELEASE_{key}"), value);
    }
    let shared = shared_flags(package, toolchain).join("\x1f");
    command.env("CARGO_ENCODED_RUSTFLAGS", shared);
    command.arg("--").args(own_flags(package, memory));
    command.output().map_err(BuildError::io(&toolchain.cargo))
}

/// The crate's own profile does not count: a plugin is the same wherever it is built.
const PROFILE: [(&str, &str); 8] = [
    ("CODEGEN_UNITS", "1"),
    ("DEBUG", "0"),
    ("DEBUG_ASSERTIONS", "false"),
    ("INCREMENTAL", "false"),
    ("LTO", "fat"),
    ("OPT_LEVEL", "s"),
    ("PANIC", "abort"),
    ("STRIP", "symbols"),
];

/// For every crate of the build. The same for different plugins, or else each would build all anew.
fn shared_flags(package: &Package, toolchain: &Toolchain) -> Vec<String> {
    let library = toolchain.sysroot.join(LIBRARY);
    // Of several that match, the last one counts: from the widest to the narrowest.
    let mut flags = vec![remap(&cargo_home(), "/cargo"), remap(&library, "/rust")];
    if let Ok(real) = library.canonicalize() {
        flags.push(remap(&real, "/rust"));
    }
    if package.workspace_root != package.dir {
        flags.push(remap(&package.workspace_root, "/workspace"));
    }
    let mut others: Vec<_> = package.local.iter().collect();
    others.retain(|(_, dir)| *dir != package.workspace_root);
    others.sort_by_key(|(_, dir)| dir.as_os_str().len());
    flags.extend(others.iter().map(|(name, dir)| remap(dir, &format!("/{name}"))));
    flags
}

/// For the plugin's own crate.
fn own_flags(package: &Package, memory: u64) -> [String; 3] {
    [
        format!("-Clink-arg=--initial-memory={memory}"),
        format!("-Clink-arg=-zstack-size={STACK_BYTES}"),
        remap(&package.dir, &format!("/{}", package.name)),
    ]
}

fn remap(from: &Path, to: &str) -> String {
    format!("--remap-path-prefix={}={to}", from.display())
}

fn cargo_home() -> PathBuf {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let usual = || Path::new(&std::env::var_os("HOME").unwrap_or_default()).join(".cargo");
    home.unwrap_or_else(usual)
}

/// What the linker says it needs, if the initial memory is too small for the static data.
fn memory_needed(done: &Output) -> Option<u64> {
    if done.status.success() {
        return None;
    }
    let text = said(done);
    let (_, rest) = text.split_once("initial memory too small, ")?;
    rest.split(' ').next()?.parse().ok()
}

fn said(done: &Output) -> String {
    String::from_utf8_lossy(&done.stderr).trim().to_owned()
}

fn module_path(messages: &[u8], package: &str) -> Option<PathBuf> {
    let is_module = |file: &&PathBuf| file.extension().is_some_and(|end| end == "wasm");
    messages
        .split(|byte| *byte == b'\n')
        .filter_map(|line| serde_json::from_slice::<Message>(line).ok())
        .filter(|message| message.package_id == package)
        .find_map(|message| message.filenames.iter().find(is_module).cloned())
}

/// What cargo says of an artefact; its other messages lack `filenames`.
#[derive(Deserialize)]
struct Message {
    package_id: String,
    filenames: Vec<PathBuf>,
}
