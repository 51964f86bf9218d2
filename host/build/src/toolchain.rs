//! Finds a Rust toolchain that makes WebAssembly: one with the target installed, else Debian's with build-std.
//!
//! Only `lib.rs` calls it. Runs rustc and rustup; may install rustup's target.
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::str::FromStr;

use crate::BuildError;

pub(crate) const TARGET: &str = "wasm32-unknown-unknown";

/// Which way WebAssembly is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ToolchainKind {
    /// The toolchain on the path, with its `wasm32-unknown-unknown` target.
    Rustup,
    /// Debian's `rustc-web`, `cargo-web` and `rust-web-src`: the standard library is built along.
    Debian,
}

impl ToolchainKind {
    /// The word for it, in the environment variable and in messages.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rustup => "rustup",
            Self::Debian => "debian",
        }
    }
}

impl FromStr for ToolchainKind {
    type Err = BuildError;

    fn from_str(name: &str) -> Result<Self, BuildError> {
        [Self::Rustup, Self::Debian]
            .into_iter()
            .find(|kind| kind.as_str() == name)
            .ok_or_else(|| BuildError::UnknownToolchain(name.to_owned()))
    }
}

/// A toolchain that makes WebAssembly.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Toolchain {
    /// Which way.
    pub kind: ToolchainKind,
    /// What its rustc calls itself.
    pub version: String,
    pub(crate) cargo: PathBuf,
    pub(crate) rustc: PathBuf,
    pub(crate) linker: Option<PathBuf>,
    pub(crate) sysroot: PathBuf,
}

impl Toolchain {
    /// Its cargo, in `dir`, freed of what the surroundings would change in a build.
    pub(crate) fn cargo(&self, dir: &Path) -> Command {
        let mut command = Command::new(&self.cargo);
        command.current_dir(dir);
        for variable in FOREIGN_VARIABLES {
            command.env_remove(variable);
        }
        if self.kind == ToolchainKind::Debian {
            // A cargo around us points these at its own toolchain.
            command.env_remove("LD_LIBRARY_PATH");
            command.env("RUSTC", &self.rustc);
            command.env("RUSTC_BOOTSTRAP", "1");
        }
        if let Some(linker) = &self.linker {
            command.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker);
        }
        command
    }
}

const FOREIGN_VARIABLES: [&str; 9] = [
    "CARGO",
    "CARGO_BUILD_TARGET",
    "CARGO_ENCODED_RUSTFLAGS",
    "CARGO_TARGET_DIR",
    "RUSTC",
    "RUSTC_WORKSPACE_WRAPPER",
    "RUSTC_WRAPPER",
    "RUSTDOC",
    "RUSTFLAGS",
];

/// The forced toolchain, or the first that serves; `dir` is where the crate is, as it may pin one.
pub(crate) fn choose(dir: &Path, forced: Option<ToolchainKind>) -> Result<Toolchain, BuildError> {
    let found = match forced {
        Some(ToolchainKind::Rustup) => rustup(dir),
        Some(ToolchainKind::Debian) => debian(),
        None => rustup(dir).or_else(|first| debian().map_err(|second| format!("{first}; {second}"))),
    };
    found.map_err(|reason| BuildError::NoToolchain { reason })
}

fn rustup(dir: &Path) -> Result<Toolchain, String> {
    let rustc = PathBuf::from("rustc");
    let sysroot = sysroot(&rustc, dir)?;
    let target = sysroot.join("lib/rustlib").join(TARGET).join("lib");
    if !target.is_dir() {
        let added = output("rustup", &["target", "add", TARGET], dir);
        if let (Err(reason), false) = (added, target.is_dir()) {
            return Err(format!("the toolchain in \"{}\" lacks {TARGET} ({reason})", sysroot.display()));
        }
    }
    Ok(Toolchain {
        kind: ToolchainKind::Rustup,
        version: output("rustc", &["--version"], dir)?,
        cargo: "cargo".into(),
        rustc,
        linker: None,
        sysroot,
    })
}

fn debian() -> Result<Toolchain, String> {
    let (cargo, rustc) = ("/usr/bin/cargo", "/usr/bin/rustc");
    let root = Path::new("/");
    if !Path::new(cargo).is_file() {
        return Err(format!("there is no \"{cargo}\" (package cargo-web)"));
    }
    let sysroot = sysroot(Path::new(rustc), root)?;
    if !sysroot.join(LIBRARY).join("std").is_dir() {
        return Err("the standard library's source is missing (package rust-web-src)".to_owned());
    }
    let linker = linker().ok_or("there is no linker: neither \"rust-lld\" nor \"wasm-ld\" (package lld)")?;
    Ok(Toolchain {
        kind: ToolchainKind::Debian,
        version: output(rustc, &["--version"], root)?,
        cargo: cargo.into(),
        rustc: rustc.into(),
        linker: Some(linker),
        sysroot,
    })
}

/// The standard library's source, within a sysroot.
pub(crate) const LIBRARY: &str = "lib/rustlib/src/rust/library";

fn sysroot(rustc: &Path, dir: &Path) -> Result<PathBuf, String> {
    output(rustc, &["--print", "sysroot"], dir).map(PathBuf::from)
}

/// A linker for WebAssembly: on the path, of any LLVM of the system, or of a rustup toolchain at hand.
fn linker() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path = std::env::split_paths(&path).flat_map(|dir| [dir.join("rust-lld"), dir.join("wasm-ld")]);
    let of_llvm =
        children(Path::new("/usr/lib")).filter(|dir| named(dir, "llvm-")).map(|dir| dir.join("bin/wasm-ld"));
    on_path.chain(of_llvm).chain(rustup_linkers()).find(|file| file.is_file())
}

fn rustup_linkers() -> impl Iterator<Item = PathBuf> {
    let home = std::env::var_os("RUSTUP_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(Path::new(&std::env::var_os("HOME")?).join(".rustup")));
    let toolchains = home.unwrap_or_default().join("toolchains");
    children(&toolchains)
        .flat_map(|toolchain| children(&toolchain.join("lib/rustlib")))
        .map(|host| host.join("bin/rust-lld"))
}

/// Sorted, so that the same machine always takes the same.
fn children(dir: &Path) -> std::vec::IntoIter<PathBuf> {
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
    let mut paths: Vec<_> = entries.map(|entry| entry.path()).collect();
    paths.sort();
    paths.into_iter()
}

fn named(path: &Path, prefix: &str) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(prefix))
}

fn output(program: impl Into<OsString>, args: &[&str], dir: &Path) -> Result<String, String> {
    let program = program.into();
    let mut command = Command::new(&program);
    command.args(args).current_dir(dir);
    if Path::new(&program).is_absolute() {
        command.env_remove("LD_LIBRARY_PATH");
    }
    let name = program.to_string_lossy();
    let done = command.output().map_err(|error| format!("\"{name}\" does not run: {error}"))?;
    if !done.status.success() {
        let said = String::from_utf8_lossy(&done.stderr);
        let said = said.trim();
        return Err(format!("\"{name} {}\" failed: {said}", args.join(" ")));
    }
    Ok(String::from_utf8_lossy(&done.stdout).trim().to_owned())
}
