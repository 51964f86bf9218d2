//! The log lines of a change: one for each statement that was committed, one for each attempt that was not.

use std::time::Duration;

use super::job::{Job, Kind};
use crate::db::plainly;

/// Each statement of a committed change, in the form the original engine logged it, and more.
pub(super) fn statements(job: &Job, took: Duration) {
    if job.kind == Kind::Held {
        return;
    }
    let duration_us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
    for statement in &job.statements {
        let table = statement.table().map_or("", |t| t.as_str());
        let fields: Vec<_> = statement.fields().iter().map(|f| f.as_str()).collect();
        let (message, org, change) = (statement.message(), job.org.as_str(), job.change_id.as_str());
        tracing::info!(target: "hookwright::ddl", org, table, ?fields, change, duration_us, "{message}");
    }
    metrics::histogram!("hookwright_execute_seconds").record(took);
}

/// An attempt that failed and may be made again.
pub(super) fn retrying(job: &Job, why: &str, error: &sqlx::Error) {
    let (org, change) = (job.org.as_str(), job.change_id.as_str());
    let error = crate::config::redact_text(&plainly(error));
    tracing::warn!(org, change, error, "{why}; the attempt was not committed or is looked up");
}
