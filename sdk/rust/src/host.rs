//! What the host offers during a call: log, configuration, the schema model, entity names.
//!
//! Plugins call it. In WebAssembly it goes to the host; natively to the thread's test
//! host, which [`crate::testing::Harness`] fills.
use serde::de::DeserializeOwned;

pub use crate::bindings::hookwright::hooks::host::Level;
use crate::{Rejection, Table};

#[cfg(target_arch = "wasm32")]
use crate::bindings::hookwright::hooks::host as backend;
#[cfg(not(target_arch = "wasm32"))]
use crate::testing::backend;

/// Writes a line to the plugin's log.
pub fn log(level: Level, message: &str) {
    backend::log(level, message);
}

/// Logs at level debug.
pub fn debug(message: &str) {
    log(Level::Debug, message);
}

/// Logs at level info.
pub fn info(message: &str) {
    log(Level::Info, message);
}

/// Logs at level warn.
pub fn warn(message: &str) {
    log(Level::Warn, message);
}

/// Logs at level error.
pub fn error(message: &str) {
    log(Level::Error, message);
}

/// The plugin's configuration for this organisation; `{}` where nothing is configured.
///
/// A configuration that does not fit `T` refuses the change with the code `bad-config`.
pub fn config<T: DeserializeOwned>() -> Result<T, Rejection> {
    serde_json::from_str(&backend::config()).map_err(|error| {
        Rejection::new("bad-config", format!("the plugin's configuration cannot be used: {error}"))
            .help("Correct the plugin's configuration for this organisation.")
    })
}

/// A table as the model has it now: with all that earlier hooks of this change asked for.
pub fn table(name: &str) -> Option<Table> {
    backend::table(name)
}

/// The names of all entities.
pub fn entities() -> Vec<String> {
    backend::entities()
}
