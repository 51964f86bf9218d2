//! Around every request: its id, its time limit, its log line and metrics, and the body of its error.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use hookwright_core::ident::OrgName;
use tracing::Instrument;

use super::problem::{self, Problem};
use super::unread::Unread;
use crate::error::Error;
use crate::telemetry::{self, metrics};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// When a change ends that a request began: early enough to say what stood in its way.
#[derive(Debug, Clone, Copy)]
pub(super) struct Until(pub(super) Instant);

/// Of the time of a request, the part that is left to say so, and the most that this is.
const LEFT: (u32, Duration) = (10, Duration::from_secs(2));

/// Ends a request that takes too long. A change that it began ends too, unless it is all but made; the ledger knows what
/// becomes of it.
pub(super) async fn bound(State(limit): State<Duration>, mut request: Request, next: Next) -> Response {
    request.extensions_mut().insert(Until(Instant::now() + limit - (limit / LEFT.0).min(LEFT.1)));
    tokio::time::timeout(limit, next.run(request)).await.unwrap_or_else(|_| {
        let message = format!("the request took longer than {} ms", limit.as_millis());
        Problem(Error::new("host/timeout", message)).into_response()
    })
}

/// Gives a request an id, and its answer a log line, metrics and, if it is an error, a body.
pub(super) async fn observe(request: Request, next: Next) -> Response {
    let started = Instant::now();
    let id = request_id(request.headers());
    let route = request.extensions().get::<MatchedPath>().map_or("unmatched", MatchedPath::as_str).to_owned();
    let method = method(request.method());
    let org = org(request.uri().path());
    let (request, unread) = Unread::of(request);
    let span = tracing::info_span!("request", request = %id, method, route);
    let trace = tracing::debug_span!(target: telemetry::TARGET, "request", otel.name = %route, otel.kind = "server", request = %id, method);
    telemetry::continued(&trace, request.headers());
    let answer = next.run(request).instrument(trace).instrument(span.clone()).await;
    let _entered = span.entered();
    let mut response = told(answer, &id, org.as_ref());
    unread.tell(&mut response);
    let (took, status) = (started.elapsed(), response.status().as_u16());
    metrics::request(&route, method, status, took);
    tracing::debug!(target: "hookwright::http", status, took_us = took.as_micros() as u64, "answered");
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response.headers_mut().insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// The answer; if it is an error, with its problem as body.
fn told(mut answer: Response, id: &str, org: Option<&OrgName>) -> Response {
    let error = match answer.extensions_mut().remove::<Arc<Error>>() {
        Some(error) => error,
        None if answer.status().as_u16() >= 400 => Arc::new(problem::of_status(answer.status(), "")),
        None => return answer,
    };
    log(&error);
    let mut told = problem::render(&error, id, org);
    if answer.status() == StatusCode::METHOD_NOT_ALLOWED
        && let Some(allow) = answer.headers().get(header::ALLOW)
    {
        told.headers_mut().insert(header::ALLOW, allow.clone());
    }
    // Nobody reads the body that is replaced.
    *answer.body_mut() = Body::empty();
    told
}

/// A failure is logged here and nowhere else.
fn log(error: &Error) {
    let mut causes = Vec::new();
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        causes.push(crate::config::redact_text(&inner.to_string()));
        cause = inner.source();
    }
    let (code, causes) = (error.code.as_str(), causes.join(": "));
    match error.entry.status {
        500.. => tracing::error!(target: "hookwright::http", code, causes, "{error}"),
        _ => tracing::info!(target: "hookwright::http", code, causes, "{error}"),
    }
}

/// The organisation that a path names, whether there is one or not.
fn org(path: &str) -> Option<OrgName> {
    let (name, _) = path.strip_prefix("/v1/orgs/")?.split_once('/')?;
    OrgName::parse(name).ok()
}

/// The sender's id for the request if it is harmless, else a new one.
fn request_id(headers: &HeaderMap) -> String {
    let harmless = |id: &&str| {
        (1..=64).contains(&id.len()) && id.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c))
    };
    let given = headers.get(REQUEST_ID).and_then(|v| v.to_str().ok()).filter(harmless);
    given.map_or_else(|| uuid::Uuid::now_v7().to_string(), str::to_owned)
}

/// The method as a label: senders can make up others.
fn method(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        "OPTIONS" => "OPTIONS",
        _ => "other",
    }
}
