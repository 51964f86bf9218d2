//! The log and the metrics of the process.
//!
//! The CLI calls [`init`] once; a program that embeds the host brings its own
//! subscriber. Writes to stderr alone: stdout is for data.

mod json;
pub mod metrics;

use std::io::IsTerminal;

use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::format::JsonFields;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::{SubscriberInitExt, TryInitError};

use crate::config::{LogConfig, LogFormat};

/// The target of the log line of each DDL statement.
pub const DDL: &str = "hookwright::ddl";

/// Sends the log to stderr: as text to a terminal, as JSON elsewhere, or as configured.
///
/// # Errors
/// If the process has a subscriber already.
pub fn init(config: &LogConfig) -> Result<(), TryInitError> {
    let terminal = std::io::stderr().is_terminal();
    let json = match config.format {
        LogFormat::Auto => !terminal,
        LogFormat::Text => false,
        LogFormat::Json => true,
    };
    // The configuration was checked when it was read.
    let level: Targets = config.level.parse().unwrap_or_default();
    let registry = tracing_subscriber::registry().with(level);
    let layer = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    match json {
        true => registry.with(layer.fmt_fields(JsonFields::new()).event_format(json::Lines)).try_init(),
        false => registry.with(layer.with_ansi(terminal).with_target(false).compact()).try_init(),
    }
}
