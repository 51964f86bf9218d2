//! The sections of the configuration, each value with its default and why it is so large.

use std::net::{Ipv4Addr, SocketAddr};
use std::num::NonZeroU32;
use std::path::PathBuf;

pub use hookwright_core::policy::Mode;
use serde::{Deserialize, Serialize};

/// Where orgs, plugins and tokens are kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ControlConfig {
    /// Path of the control database (SQLite); relative to the working directory.
    pub database: PathBuf,
}

impl Default for ControlConfig {
    fn default() -> Self {
        Self { database: PathBuf::from(".hookwright/control.db") }
    }
}

/// The HTTP server.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HttpConfig {
    /// Address and port; this machine alone by default.
    pub listen: SocketAddr,
    /// Most bytes of a request's body: an entity of 1,600 fields has about 200 KiB.
    pub body_limit_bytes: usize,
    /// Most bytes of an uploaded component: those made from JavaScript or Python have 12 to 18 MB.
    pub upload_limit_bytes: usize,
    /// Most requests of one organisation under way: others are refused, so that it never takes up the whole host.
    pub max_requests_per_org: u32,
    /// How far the time of a signed request may be from the host's, before or after: what Standard Webhooks has.
    pub webhook_tolerance_s: u64,
    /// Most signed requests of unknown senders whose bodies are read at once: with the limit of a body, 128 MiB.
    pub max_unverified_requests: u32,
    /// How long the body of such a request may take to come.
    pub unverified_timeout_ms: u64,
    /// Most connections at a time; further ones wait. A thousand clients with four each.
    pub max_connections: u32,
    /// How long the head of a request may take, and how long a connection may be without one: longer than any network.
    pub header_timeout_ms: u64,
    /// How long a request may take: longer than all attempts for a lock together.
    pub request_timeout_ms: u64,
    /// How long running requests may take once the host stops.
    pub shutdown_timeout_ms: u64,
}

impl Default for HttpConfig {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8787)),
            body_limit_bytes: 2 * 1024 * 1024,
            upload_limit_bytes: 32 * 1024 * 1024,
            max_requests_per_org: 256,
            webhook_tolerance_s: 300,
            max_unverified_requests: 64,
            unverified_timeout_ms: 10_000,
            max_connections: 4_096,
            header_timeout_ms: 30_000,
            request_timeout_ms: 60_000,
            shutdown_timeout_ms: 30_000,
        }
    }
}

/// How many requests a second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RateConfig {
    /// Requests a second of one token or key of a webhook: more than a host of a few cores can carry out.
    pub per_s: NonZeroU32,
    /// How many of them may come at once, after a pause.
    pub burst: NonZeroU32,
    /// Requests a second of one address that show no valid credential: more than people who try things out send.
    pub unauthenticated_per_s: NonZeroU32,
    /// How many of them may come at once, after a pause.
    pub unauthenticated_burst: NonZeroU32,
}

impl Default for RateConfig {
    fn default() -> Self {
        const fn of(number: u32) -> NonZeroU32 {
            NonZeroU32::new(number).expect("not zero")
        }
        Self {
            per_s: const { of(1_000) },
            burst: const { of(2_000) },
            unauthenticated_per_s: const { of(20) },
            unauthenticated_burst: const { of(100) },
        }
    }
}

/// TLS, if certificate and key are named.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TlsConfig {
    /// The certificate with its chain (PEM).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate: Option<PathBuf>,
    /// Its private key (PEM).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<PathBuf>,
    /// How often it is looked whether the files changed. Certificates are renewed days before they end.
    pub reload_s: u64,
    /// How long a handshake may take: a few round trips, over a bad line.
    pub handshake_timeout_ms: u64,
    /// Most handshakes at once; more connections wait to be accepted.
    pub max_handshakes: u32,
}

/// The files of TLS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate with its chain.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

impl TlsConfig {
    /// The files, if TLS is spoken.
    #[must_use]
    pub fn files(&self) -> Option<TlsFiles> {
        Some(TlsFiles { certificate: self.certificate.clone()?, key: self.key.clone()? })
    }
}

impl Default for TlsConfig {
    fn default() -> Self {
        let (handshake_timeout_ms, max_handshakes) = (5_000, 512);
        Self { certificate: None, key: None, reload_s: 10, handshake_timeout_ms, max_handshakes }
    }
}

/// Looking for drift while serving.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DriftConfig {
    /// How often it is asked whether anything changed; 0 for never. A minute: it is one cheap question a database.
    pub poll_s: u64,
    /// How often all is compared whether anything seems to have changed or not. An hour: that reads whole catalogues.
    pub compare_s: u64,
}

impl Default for DriftConfig {
    fn default() -> Self {
        Self { poll_s: 60, compare_s: 3_600 }
    }
}

/// Spans for an OpenTelemetry collector.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TracesConfig {
    /// Where they go (OTLP over HTTP): `http://127.0.0.1:4318/v1/traces`. None are made if it is empty.
    pub endpoint: String,
    /// The share of traces that is kept, from 0 to 1, of those that no sender began.
    pub share: f64,
}

impl Default for TracesConfig {
    fn default() -> Self {
        Self { endpoint: String::new(), share: 1.0 }
    }
}

/// The form of the log.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// Text on a terminal, JSON elsewhere.
    #[default]
    Auto,
    /// One line of text each.
    Text,
    /// One JSON object each.
    Json,
}

/// The log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LogConfig {
    /// Its form.
    pub format: LogFormat,
    /// What is logged: `info`, or by target: `warn,hookwright::ddl=info`.
    pub level: String,
}

impl Default for LogConfig {
    fn default() -> Self {
        Self { format: LogFormat::Auto, level: "info".to_owned() }
    }
}
