//! What the tests of Hookwright share: databases, faults, processes, scenarios, checks of the sources.
//!
//! Used by the integration tests in `tests/tests` alone. A helper that meets something it
//! cannot work with panics with a sentence that says what to do: in a test that is the report.

#![allow(clippy::unwrap_used)]

pub mod dump;
pub mod extras;
pub mod history;
pub mod intents;
pub mod locks;
pub mod made_up;
pub mod measure;
pub mod org;
pub mod place;
pub mod plain_role;
pub mod plans;
pub mod postgres;
pub mod process;
pub mod proxy;
pub mod reference;
pub mod rows;
pub mod scenario;
mod shown;
pub mod sqlite;
pub mod tidy;
pub mod world;

use std::path::{Path, PathBuf};

/// The root directory of the repository.
pub fn repo_root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the test crate is a directory of the repository")
}

/// The component of the plugin with this name, as `tests/run` builds it.
///
/// # Panics
/// If it has not been built.
pub fn plugin_path(name: &str) -> PathBuf {
    let path = repo_root().join(format!("target/plugins/{name}.wasm"));
    assert!(path.is_file(), "the plugin \"{name}\" is not built: run ./tests/run");
    path
}
