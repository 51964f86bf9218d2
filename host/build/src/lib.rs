//! Builds Hookwright plugins: a crate in, a component with its manifest out.
//!
//! The host's command line calls it, and tests that need plugins. Runs cargo and writes below the
//! built crate's target directory; reads manifests without running anything. No sandbox, no database.
mod compile;
mod component;
mod digest;
mod error;
pub mod manifest;
mod package;
mod sections;
mod toolchain;

use std::path::{Path, PathBuf};

pub use digest::source_digest;
pub use error::BuildError;
pub use manifest::{Hook, Manifest, ManifestError};
pub use toolchain::{Toolchain, ToolchainKind};

/// The environment variable that forces a toolchain: `rustup` or `debian`.
pub const TOOLCHAIN_VARIABLE: &str = "HOOKWRIGHT_WASM_TOOLCHAIN";

/// How to build.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Only this toolchain; without one, the first that serves.
    pub toolchain: Option<ToolchainKind>,
    /// Never reach for the network.
    pub offline: bool,
    /// Where cargo keeps what it builds; without one, `hookwright-plugin` in the crate's target directory.
    pub target_dir: Option<PathBuf>,
}

impl Options {
    /// The defaults, with the toolchain that [`TOOLCHAIN_VARIABLE`] forces.
    pub fn from_env() -> Result<Self, BuildError> {
        let toolchain = match std::env::var(TOOLCHAIN_VARIABLE) {
            Ok(name) if !name.is_empty() => Some(name.parse()?),
            _ => None,
        };
        Ok(Self { toolchain, ..Self::default() })
    }
}

/// A built plugin.
#[derive(Debug, Clone)]
pub struct Built {
    /// The component, with its manifest.
    pub component: Vec<u8>,
    /// The same manifest.
    pub manifest: Manifest,
    /// What built it.
    pub toolchain: Toolchain,
}

/// Builds the plugin crate at `path` (its directory or its `Cargo.toml`).
pub fn build_crate(path: &Path, options: &Options) -> Result<Built, BuildError> {
    let toml = package::manifest_path(path)?;
    let dir = toml.parent().unwrap_or(Path::new("."));
    let toolchain = toolchain::choose(dir, options.toolchain)?;
    let package = package::read(&toml, &toolchain, options.offline)?;
    let core = compile::compile(&package, &toolchain, options)?;
    let bare = component::componentize(&core)?;
    let component = manifest::embed(&bare, &package.manifest)?;
    Ok(Built { component, manifest: package.manifest, toolchain })
}
