//! Spans of what a change passes through (request, change, hook, probes, statements), sent to an OpenTelemetry collector if
//! one is configured.
//!
//! [`super::init`] alone calls it. What is timed opens a span of the target [`TARGET`], which costs next to nothing while
//! nobody collects them.

use std::time::Duration;

use axum::http::HeaderMap;
use opentelemetry::propagation::{Extractor, TextMapPropagator};
use opentelemetry::trace::TracerProvider;
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider};
use tracing::Subscriber;
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::registry::LookupSpan;

use super::{DDL, TARGET};
use crate::config::TracesConfig;
use crate::error::{Error, Result};

/// A collector that does not answer holds up the end of the process no longer than this.
const PATIENCE: Duration = Duration::from_secs(5);

/// Sends what is collected; what is left when it is dropped, too.
pub struct Traces(SdkTracerProvider);

impl Drop for Traces {
    fn drop(&mut self) {
        if let Err(error) = self.0.shutdown_with_timeout(PATIENCE) {
            tracing::warn!(%error, "the last spans did not reach the collector");
        }
    }
}

/// Begins to collect; nothing if no collector is configured.
///
/// # Errors
/// `config/invalid`, if the collector's address or the share makes no sense.
pub(super) fn start(config: &TracesConfig) -> Result<Option<Traces>> {
    if config.endpoint.is_empty() {
        return Ok(None);
    }
    if !config.endpoint.starts_with("http://") {
        let message = format!("\"traces.endpoint\" is \"{}\"", config.endpoint.escape_default());
        let help = "give the address of a collector near the host, such as http://127.0.0.1:4318/v1/traces; it passes spans on over TLS";
        return Err(Error::new("config/invalid", message).help(help));
    }
    if !(0.0..=1.0).contains(&config.share) {
        let message = format!("\"traces.share\" is {}", config.share);
        return Err(Error::new("config/invalid", message).help("give a share from 0 (none) to 1 (all)"));
    }
    let exporter = SpanExporter::builder().with_http().with_protocol(Protocol::HttpBinary);
    let exporter = exporter.with_endpoint(&config.endpoint).with_timeout(PATIENCE).build();
    let exporter = exporter.map_err(|e| {
        let message = format!("spans cannot be sent to \"{}\"", config.endpoint.escape_default());
        Error::new("config/invalid", message).help("correct \"traces.endpoint\"").because(e)
    })?;
    let service = Resource::builder().with_service_name("hookwright").build();
    let sampler = Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(config.share)));
    let provider = SdkTracerProvider::builder().with_batch_exporter(exporter);
    Ok(Some(Traces(provider.with_resource(service).with_sampler(sampler).build())))
}

/// What hands spans, and the statements logged within them, to the collector.
pub(super) fn layer<S>(traces: &Traces) -> impl Layer<S> + use<S>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    let tracer = traces.0.tracer("hookwright");
    let targets =
        Targets::new().with_target(TARGET, tracing::Level::DEBUG).with_target(DDL, tracing::Level::INFO);
    tracing_opentelemetry::layer().with_tracer(tracer).with_location(false).with_filter(targets)
}

/// Makes a request's span part of the trace that its sender began (W3C Trace Context).
pub(crate) fn continued(span: &tracing::Span, headers: &HeaderMap) {
    if !span.is_disabled() && headers.contains_key("traceparent") {
        // A span that is of a trace already keeps it.
        span.set_parent(TraceContextPropagator::new().extract(&Headers(headers))).ok();
    }
}

struct Headers<'a>(&'a HeaderMap);

impl Extractor for Headers<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key)?.to_str().ok()
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(axum::http::HeaderName::as_str).collect()
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;
    use opentelemetry_sdk::trace::InMemorySpanExporter;
    use tracing_subscriber::layer::SubscriberExt;

    use super::*;

    #[test]
    fn a_request_goes_on_in_the_trace_of_its_sender() {
        let kept = InMemorySpanExporter::default();
        let traces = Traces(SdkTracerProvider::builder().with_simple_exporter(kept.clone()).build());
        let subscriber = tracing_subscriber::registry().with(layer(&traces));
        tracing::subscriber::with_default(subscriber, || {
            let mut headers = HeaderMap::new();
            let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
            headers.insert("traceparent", HeaderValue::from_static(parent));
            let span = tracing::debug_span!(target: TARGET, "request");
            continued(&span, &headers);
            span.in_scope(|| drop(tracing::debug_span!(target: TARGET, "change").entered()));
            drop(tracing::info_span!(target: "others", "none").entered());
        });
        let spans = kept.get_finished_spans().expect("spans");
        let of =
            |name: &str| spans.iter().find(|span| span.name == name).expect("a span").span_context.trace_id();
        assert_eq!(spans.len(), 2, "{spans:?}");
        for name in ["request", "change"] {
            assert_eq!(of(name).to_string(), "0af7651916cd43dd8448eb211c80319c");
        }
    }

    #[test]
    fn a_collector_and_a_share_that_make_no_sense_are_refused() {
        for (endpoint, share) in [("https://x", 1.0), ("127.0.0.1:4318", 1.0), ("http://127.0.0.1:4318", 1.5)]
        {
            let error = start(&TracesConfig { endpoint: endpoint.to_owned(), share }).err().expect("refused");
            assert_eq!(error.code, "config/invalid");
            assert!(error.message.contains("traces."), "{error}");
        }
        assert!(start(&TracesConfig::default()).expect("off").is_none());
    }
}
