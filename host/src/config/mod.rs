//! What the host is told before it starts: `hookwright.toml`, overlaid by `HOOKWRIGHT_*`.
//!
//! The CLI loads a [`Config`] once and hands it to [`crate::host::Host::start`]; an
//! embedding program builds one by hand. Reads a file and the environment given
//! to it, writes nothing.

mod check;
mod env;
mod load;
mod policy;
mod secret;
mod sections;

pub use policy::{parse_policy, read_policy};
pub use secret::{DatabaseUrl, Scheme, redact, redact_text};
pub use sections::{
    ControlConfig, DriftConfig, HttpConfig, LogConfig, LogFormat, Mode, RateConfig, TlsConfig, TlsFiles,
    TracesConfig,
};

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::db::DbOptions;
use crate::executor::RetryPolicy;
use crate::quota::QuotaConfig;
use crate::sandbox::{CompileConfig, Limits};
use crate::second_run::DeterminismConfig;
use crate::suspension::SuspensionConfig;

/// The file that is read when none is named and it is there.
pub const DEFAULT_FILE: &str = "hookwright.toml";

/// Everything that can be set.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// How much runs without being confirmed, if no policy file says it; `dev` if neither does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<Mode>,
    /// The policy file; relative to the working directory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<PathBuf>,
    /// Where orgs, plugins and tokens are kept.
    pub control: ControlConfig,
    /// The HTTP server.
    pub http: HttpConfig,
    /// TLS for the HTTP server.
    pub tls: TlsConfig,
    /// Requests a second.
    pub rate: RateConfig,
    /// Limits of one call of a plugin.
    pub sandbox: Limits,
    /// Plugins that break again and again.
    pub suspension: SuspensionConfig,
    /// Running calls of plugins again, to find those that answer in two ways.
    pub determinism: DeterminismConfig,
    /// What one organisation may use up.
    pub quotas: QuotaConfig,
    /// Compiling plugins.
    pub compile: CompileConfig,
    /// Trying a change again after a passing trouble.
    pub retry: RetryPolicy,
    /// Connecting to the organisations' databases.
    pub database: DbOptions,
    /// Looking for drift while serving.
    pub drift: DriftConfig,
    /// The log.
    pub log: LogConfig,
    /// Spans for an OpenTelemetry collector.
    pub traces: TracesConfig,
}
