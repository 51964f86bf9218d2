//! Every error as `application/problem+json` (RFC 9457), with the catalogue's code and advice.

use std::any::Any;

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use hookwright_core::ident::OrgName;
use serde::Serialize;

use super::advice::{of_outcome, spoken};
use super::extract::Path;
use crate::catalogue::{CATALOGUE, Entry, entry};
use crate::error::Error;
use crate::outcome::Outcome;

/// An error on its way out; [`super::observe`] writes its body, once it knows the request's id.
#[derive(Debug)]
pub(super) struct Problem(pub(super) Error);

/// The body of an error.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ProblemBody<'a> {
    /// Where the kind of trouble is described.
    #[serde(rename = "type")]
    #[schema(example = "/problems/policy/held")]
    pub kind: String,
    /// The kind of trouble, in a few words.
    pub title: &'a str,
    /// The HTTP status.
    pub status: u16,
    /// A stable code for programs, at times finer than the type.
    #[schema(example = "policy/drop-column")]
    pub code: &'a str,
    /// What happened.
    pub detail: &'a str,
    /// What to do next.
    pub help: &'a str,
    /// Whether the same request may succeed later.
    pub retryable: bool,
    /// Where in the request's body, as a JSON pointer (RFC 6901).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pointer: Option<&'a str>,
    /// This occurrence.
    pub instance: String,
    /// The request's id, as in the header `x-request-id` and the log.
    pub request_id: &'a str,
    /// What had been worked out, for a change that was held or refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Outcome>)]
    pub outcome: Option<&'a Outcome>,
}

/// One kind of trouble.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ProblemKind {
    code: &'static str,
    status: u16,
    retryable: bool,
    title: &'static str,
    help: &'static str,
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        Self(error)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = status(self.0.entry).into_response();
        response.extensions_mut().insert(std::sync::Arc::new(self.0));
        response
    }
}

fn status(entry: &Entry) -> StatusCode {
    StatusCode::from_u16(entry.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// The response that tells an error; what went wrong inside is not in it. The organisation is that of the request.
pub(super) fn render(error: &Error, request_id: &str, org: Option<&OrgName>) -> Response {
    let inside = error.entry.code == "host/fault";
    let help = if inside { error.entry.help } else { &error.help };
    let help = org.map_or_else(|| help.to_owned(), |org| spoken(help, org));
    let outcome = error.outcome.as_deref().cloned().map(of_outcome);
    let body = ProblemBody {
        kind: format!("/problems/{}", error.entry.code),
        title: error.entry.title,
        status: error.entry.status,
        code: if inside { error.entry.code } else { &error.code },
        detail: if inside { "the host failed; the trouble is in its log" } else { &error.message },
        help: &help,
        retryable: error.entry.retryable,
        pointer: error.pointer.as_deref(),
        instance: format!("urn:hookwright:request:{request_id}"),
        request_id,
        outcome: outcome.as_ref(),
    };
    let mut response = (status(error.entry), Json(body)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    if error.entry.status == 401 {
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"hookwright\""));
    }
    if matches!(error.entry.status, 429 | 503) {
        headers.insert(header::RETRY_AFTER, error.retry_after_s().into());
    }
    response
}

/// The error for a status that some library answered with.
pub(super) fn of_status(status: StatusCode, text: &str) -> Error {
    let code = match status.as_u16() {
        404 => "request/not-found",
        405 => "request/method-not-allowed",
        413 => "event/too-large",
        415 => "request/unsupported-media",
        408 | 503 | 504 => "host/timeout",
        400..=499 => "request/invalid",
        _ => "host/fault",
    };
    let title = entry(code).map_or("", |e| e.title);
    Error::new(code, if text.is_empty() { title } else { text })
}

pub(super) async fn no_such_page() -> Problem {
    Error::new("request/not-found", "there is nothing at this path").into()
}

pub(super) async fn no_such_method() -> Problem {
    Error::new("request/method-not-allowed", "this path does not take this method").into()
}

pub(super) fn panicked(what: Box<dyn Any + Send>) -> Response {
    let text = what.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| what.downcast_ref::<&str>().copied()).unwrap_or("unknown");
    Problem(Error::new("host/fault", format!("a handler panicked: {text}"))).into_response()
}

fn kind(entry: &'static Entry) -> ProblemKind {
    let Entry { code, status, retryable, title, help } = *entry;
    ProblemKind { code, status, retryable, title, help }
}

/// Every kind of trouble.
#[utoipa::path(get, path = "/problems", tag = "host", responses((status = 200, body = Vec<ProblemKind>)))]
pub(super) async fn all() -> Json<Vec<ProblemKind>> {
    Json(CATALOGUE.iter().map(kind).collect())
}

/// One kind of trouble.
#[utoipa::path(
    get, path = "/problems/{area}/{what}", tag = "host",
    params(("area" = String, Path), ("what" = String, Path)),
    responses((status = 200, body = ProblemKind))
)]
pub(super) async fn one(Path((area, what)): Path<(String, String)>) -> Result<Json<ProblemKind>, Problem> {
    match entry(&format!("{area}/{what}")) {
        Some(entry) => Ok(Json(kind(entry))),
        None => Err(no_such_page().await),
    }
}
