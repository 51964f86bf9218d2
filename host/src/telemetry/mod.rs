//! The log, the metrics and the traces of the process.
//!
//! The CLI calls [`init`] once; a program that embeds the host brings its own
//! subscriber. Writes to stderr alone: stdout is for data.

mod json;
pub mod metrics;
mod traces;

use std::io::IsTerminal;

use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::format::JsonFields;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

pub use traces::Traces;
pub(crate) use traces::continued;

use crate::config::{LogConfig, LogFormat, TracesConfig};
use crate::error::{Error, Result};

/// The target of the log line of each DDL statement.
pub const DDL: &str = "hookwright::ddl";
/// The target of the spans that traces are made of.
pub const TARGET: &str = "hookwright::trace";

/// Sends the log to stderr: as text to a terminal, as JSON elsewhere, or as configured; and traces to a collector, if there
/// is one. Keep what it gives until the process ends.
///
/// # Errors
/// `config/invalid`; `host/fault` if the process has a subscriber already.
pub fn init(config: &LogConfig, traces: &TracesConfig) -> Result<Option<Traces>> {
    let terminal = std::io::stderr().is_terminal();
    let json = match config.format {
        LogFormat::Auto => !terminal,
        LogFormat::Text => false,
        LogFormat::Json => true,
    };
    // The configuration was checked when it was read.
    let level: Targets = config.level.parse().unwrap_or_default();
    let traces = traces::start(traces)?;
    let registry = tracing_subscriber::registry().with(traces.as_ref().map(traces::layer));
    let layer = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let begun = match json {
        true => {
            let layer = layer.fmt_fields(JsonFields::new()).event_format(json::Lines);
            registry.with(layer.with_filter(level)).try_init()
        }
        false => {
            let layer = layer.with_ansi(terminal).with_target(false).compact();
            registry.with(layer.with_filter(level)).try_init()
        }
    };
    begun.map_err(|e| Error::new("host/fault", "the log could not be started").because(e))?;
    Ok(traces)
}
