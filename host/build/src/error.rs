//! Why a plugin could not be built.
//!
//! All of this crate returns it. Pure.
use std::path::PathBuf;

use crate::manifest::ManifestError;

/// Why a plugin could not be built. Each message ends with what to do.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// There is no crate at the path.
    #[error("no \"Cargo.toml\" at \"{0}\". Name the directory of a plugin crate.")]
    NoCrate(PathBuf),
    /// Cargo cannot read the crate.
    #[error("cargo cannot read the crate:\n{0}\nCorrect its \"Cargo.toml\".")]
    Metadata(String),
    /// The crate says nothing about hooks.
    #[error(
        "crate \"{0}\" has no [package.metadata.hookwright] section. Add one with the \"hooks\" and \"grants\" it wants."
    )]
    NoSection(String),
    /// The manifest section has a wrong key or value.
    #[error(
        "[package.metadata.hookwright] of crate \"{name}\" is wrong: {reason}. Correct it in \"Cargo.toml\"."
    )]
    BadSection {
        /// The crate.
        name: String,
        /// What is wrong.
        reason: String,
    },
    /// The crate makes no module.
    #[error(
        "crate \"{0}\" builds no cdylib. Add [lib] with crate-type = [\"cdylib\", \"rlib\"] to its \"Cargo.toml\"."
    )]
    NoCdylib(String),
    /// No toolchain for WebAssembly.
    #[error(
        "no Rust toolchain for WebAssembly: {reason}. Either install rustup (https://rustup.rs) and run \"rustup target add wasm32-unknown-unknown\", or on Debian run \"apt install rustc-web cargo-web rust-web-src lld\"."
    )]
    NoToolchain {
        /// What was found missing, way by way.
        reason: String,
    },
    /// An unknown toolchain is asked for.
    #[error("unknown toolchain \"{0}\". Set HOOKWRIGHT_WASM_TOOLCHAIN to \"rustup\" or \"debian\".")]
    UnknownToolchain(String),
    /// The crate does not compile.
    #[error("crate \"{name}\" does not compile with {toolchain}:\n{output}")]
    Compile {
        /// The crate.
        name: String,
        /// What compiled it.
        toolchain: String,
        /// What the compiler said.
        output: String,
    },
    /// The module cannot become a component.
    #[error(
        "the module cannot become a component: {0}. Check that the crate calls hookwright_sdk::export_plugin! once."
    )]
    Component(String),
    /// The component wants something else than the hook contract gives.
    #[error(
        "the component imports \"{0}\", which the hook contract does not offer. Remove the dependency that needs it."
    )]
    ForeignImport(String),
    /// The component lacks the hooks.
    #[error(
        "the component does not export \"{0}\". Check that the crate calls hookwright_sdk::export_plugin! once."
    )]
    MissingExport(&'static str),
    /// The manifest is not acceptable.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// A file or program could not be used.
    #[error("cannot use \"{path}\". Check that it exists and is permitted.")]
    Io {
        /// The file or program.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
}

impl BuildError {
    pub(crate) fn io(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { path, source }
    }
}
