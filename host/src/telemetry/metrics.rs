//! The metrics of the process, in the text format of Prometheus.
//!
//! Label values come from closed sets (route templates, status classes, change
//! status): nothing a sender writes becomes a label.

use std::sync::OnceLock;
use std::time::Duration;

use metrics::{counter, histogram};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

/// From a SQLite change (about 1 ms) to one that waits for locks.
const SECONDS: &[f64] = &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0];

static HANDLE: OnceLock<Option<PrometheusHandle>> = OnceLock::new();

/// Collects metrics from now on; does nothing if the process has a recorder of its own.
pub fn install() {
    HANDLE.get_or_init(|| {
        let builder = PrometheusBuilder::new();
        let builder = builder.set_buckets_for_metric(Matcher::Suffix("_seconds".into()), SECONDS).ok()?;
        let handle = builder.install_recorder().ok()?;
        describe();
        Some(handle)
    });
}

fn describe() {
    metrics::describe_counter!(
        "hookwright_http_requests_total",
        "HTTP requests by route, method and status class"
    );
    metrics::describe_histogram!("hookwright_http_request_seconds", "Time to answer an HTTP request");
    metrics::describe_gauge!("hookwright_connections", "Open connections to organisations' databases");
    metrics::describe_gauge!("hookwright_connections_most", "Connections that may be open at the same time");
    metrics::describe_gauge!("hookwright_databases", "Databases in use, by the state of their circuits");
    metrics::describe_gauge!("hookwright_orgs_ready", "Organisations that the host has ready");
    metrics::describe_counter!(
        "hookwright_circuit_changes_total",
        "Changes of circuits, by what they became"
    );
    metrics::describe_counter!(
        "hookwright_second_runs_total",
        "Calls of plugins run again, by what was found"
    );
    metrics::describe_counter!(
        "hookwright_plugin_returns_total",
        "Builds of plugins that gave way to the version before"
    );
    metrics::describe_counter!("hookwright_changes_total", "Changes by what became of them");
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
