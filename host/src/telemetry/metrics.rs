//! The metrics of the process, in the text format of Prometheus.
//!
//! Label values come from closed sets (route templates, status classes, codes, SQLSTATEs that are tried again): nothing a
//! sender, plugin or database writes becomes a label. All that there are stand in [`ALL`].

use std::sync::OnceLock;
use std::time::Duration;

use metrics::{counter, describe_counter, describe_gauge, describe_histogram, histogram};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

/// What a metric is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It only grows.
    Counter,
    /// It is what it is now.
    Gauge,
    /// How its values are spread.
    Histogram,
}

/// Every metric: its name, what it is, its labels, and what it tells.
pub const ALL: &[(&str, Kind, &[&str], &str)] = &[
    (
        "hookwright_changes_total",
        Kind::Counter,
        &["status", "code"],
        "changes, by what became of them, and by the code of an error",
    ),
    ("hookwright_circuit_changes_total", Kind::Counter, &["to"], "changes of circuits, by what they became"),
    ("hookwright_connections", Kind::Gauge, &["state"], "open connections to organisations' databases"),
    ("hookwright_connections_most", Kind::Gauge, &[], "connections that may be open at the same time"),
    ("hookwright_databases", Kind::Gauge, &["circuit"], "databases in use, by the state of their circuits"),
    ("hookwright_execute_seconds", Kind::Histogram, &[], "executing a change, to its commit"),
    ("hookwright_hook_memory_bytes", Kind::Histogram, &["hook"], "memory of a plugin at the end of a call"),
    (
        "hookwright_hook_seconds",
        Kind::Histogram,
        &["hook"],
        "a call of a plugin, waiting for its turn not included",
    ),
    ("hookwright_hooks_waiting", Kind::Gauge, &[], "calls of plugins that wait for their turn"),
    ("hookwright_http_request_seconds", Kind::Histogram, &["route", "method"], "answering an HTTP request"),
    (
        "hookwright_http_requests_total",
        Kind::Counter,
        &["route", "method", "status"],
        "HTTP requests, by class of status",
    ),
    ("hookwright_orgs_ready", Kind::Gauge, &[], "organisations that the host has ready"),
    ("hookwright_plugin_faults_total", Kind::Counter, &["code"], "calls of plugins without a reply"),
    (
        "hookwright_plugin_returns_total",
        Kind::Counter,
        &[],
        "builds of plugins that gave way to the version before",
    ),
    ("hookwright_plugin_suspensions_total", Kind::Counter, &[], "suspensions of plugins"),
    (
        "hookwright_retries_total",
        Kind::Counter,
        &["cause", "sqlstate"],
        "attempts at a change that were not committed",
    ),
    (
        "hookwright_second_runs_total",
        Kind::Counter,
        &["result"],
        "calls of plugins that were run again, by what was found",
    ),
    (
        "hookwright_slow_hooks_total",
        Kind::Counter,
        &["hook"],
        "calls of plugins that took longer than `sandbox.slow_ms`",
    ),
];

/// From a SQLite change (about 1 ms) to one that waits for locks.
const SECONDS: &[f64] = &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0];
/// A call of a plugin: from some microseconds to the deadline.
const HOOK_SECONDS: &[f64] =
    &[0.000_01, 0.000_05, 0.000_1, 0.000_5, 0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 5.0];
/// From a Rust guest's memory to the limit.
const BYTES: &[f64] = &[262_144.0, 1_048_576.0, 4_194_304.0, 16_777_216.0, 33_554_432.0, 67_108_864.0];
/// Why databases make an attempt fail that may be made again (PostgreSQL, appendix A); all else is `other`.
const SQLSTATES: [&str; 12] = [
    "08000", "08003", "08006", "40001", "40P01", "53300", "55P03", "57014", "57P01", "57P02", "57P03",
    "57P05",
];

static HANDLE: OnceLock<Option<PrometheusHandle>> = OnceLock::new();

/// Collects metrics from now on; does nothing if the process has a recorder of its own.
pub fn install() {
    HANDLE.get_or_init(|| {
        let handle = builder()?.install_recorder().ok()?;
        describe();
        Some(handle)
    });
}

fn builder() -> Option<PrometheusBuilder> {
    let hooks = Matcher::Full("hookwright_hook_seconds".into());
    let builder = PrometheusBuilder::new().set_buckets_for_metric(hooks, HOOK_SECONDS).ok()?;
    let builder = builder.set_buckets_for_metric(Matcher::Suffix("_bytes".into()), BYTES).ok()?;
    builder.set_buckets_for_metric(Matcher::Suffix("_seconds".into()), SECONDS).ok()
}

fn describe() {
    for (name, kind, _, what) in ALL {
        match kind {
            Kind::Counter => describe_counter!(*name, *what),
            Kind::Gauge => describe_gauge!(*name, *what),
            Kind::Histogram => describe_histogram!(*name, *what),
        }
    }
}

/// All metrics as text, if this process collects them here.
#[must_use]
pub fn render() -> Option<String> {
    let handle = HANDLE.get()?.as_ref()?;
    handle.run_upkeep();
    Some(handle.render())
}

/// Counts an answered request. `route` is a template, never a path.
pub(crate) fn request(route: &str, method: &'static str, status: u16, took: Duration) {
    let class = match status / 100 {
        2 => "2xx",
        3 => "3xx",
        4 => "4xx",
        5 => "5xx",
        _ => "1xx",
    };
    let route = route.to_owned();
    counter!("hookwright_http_requests_total", "route" => route.clone(), "method" => method, "status" => class)
        .increment(1);
    histogram!("hookwright_http_request_seconds", "route" => route, "method" => method)
        .record(took.as_secs_f64());
}

/// Counts a call of a plugin, whatever came of it.
pub(crate) fn hook(hook: &'static str, took: Duration, memory_bytes: u64, is_slow: bool) {
    histogram!("hookwright_hook_seconds", "hook" => hook).record(took);
    #[allow(clippy::cast_precision_loss, reason = "memories are far smaller than 2^52 bytes")]
    histogram!("hookwright_hook_memory_bytes", "hook" => hook).record(memory_bytes as f64);
    if is_slow {
        counter!("hookwright_slow_hooks_total", "hook" => hook).increment(1);
    }
}

/// Counts a call of a plugin that gave no reply.
pub(crate) fn plugin_fault(code: &'static str) {
    counter!("hookwright_plugin_faults_total", "code" => code).increment(1);
}

/// Counts an attempt at a change that was not committed.
pub(crate) fn retry(cause: &'static str, error: Option<&sqlx::Error>) {
    counter!("hookwright_retries_total", "cause" => cause, "sqlstate" => sqlstate(error)).increment(1);
}

/// Empty where there is none: of SQLite, or of a connection that was lost.
fn sqlstate(error: Option<&sqlx::Error>) -> &'static str {
    let Some(sqlx::Error::Database(error)) = error else { return "" };
    let code = error.try_downcast_ref::<sqlx::postgres::PgDatabaseError>().map(|error| error.code());
    code.map_or("", |code| SQLSTATES.into_iter().find(|known| *known == code).unwrap_or("other"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_are_sorted_and_the_dashboard_and_rules_use_no_others() {
        assert!(ALL.is_sorted_by_key(|(name, ..)| name));
        let kept = [
            include_str!("../../../docs/monitoring/dashboard.json"),
            include_str!("../../../docs/monitoring/alerts.yml"),
        ];
        let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
        for text in kept {
            let mut used = 0;
            for (start, _) in text.match_indices("hookwright_") {
                let rest = &text[start..];
                let name = &rest[..rest.find(|c| !is_part(c)).unwrap_or(rest.len())];
                let name = name.strip_suffix("_bucket").unwrap_or(name);
                assert!(ALL.iter().any(|(known, ..)| *known == name), "there is no metric {name}");
                used += 1;
            }
            assert!(used > 8);
        }
    }

    #[test]
    fn what_the_database_writes_is_no_label() {
        assert_eq!(sqlstate(None), "");
        assert_eq!(sqlstate(Some(&sqlx::Error::PoolTimedOut)), "");
    }
}
