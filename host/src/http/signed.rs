//! Requests that carry a signature instead of a token (Standard Webhooks), at the hook endpoint alone.
//!
//! A body is read up to the limit of any body and verified before anything parses it.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{FromRequestParts, RawPathParams, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use axum::middleware::Next;
use axum::response::Response;
use hookwright_core::ident::OrgName;
use hookwright_core::webhook::{ID_HEADER, SIGNATURE_HEADER, SignatureError, Signed, TIMESTAMP_HEADER};

use super::App;
use super::auth;
use super::extract::{body, invalid};
use super::limits::address;
use super::problem::Problem;
use crate::error::Error;

/// The id of a signed message; it is the event's, if the event has none.
#[derive(Clone)]
pub(super) struct MessageId(pub(super) String);

/// Lets a request pass that is signed, or whose sender is known otherwise.
pub(super) async fn guard(State(app): State<App>, request: Request, next: Next) -> Result<Response, Problem> {
    if !claims_signature(request.headers()) {
        return auth::guard(State(app), request, next).await;
    }
    Ok(next.run(verified(&app, request).await?).await)
}

/// A token goes before a signature. One of the headers is enough, so that a sender who forgot another is told of it.
fn claims_signature(headers: &HeaderMap) -> bool {
    let given =
        [ID_HEADER, TIMESTAMP_HEADER, SIGNATURE_HEADER].iter().any(|name| headers.contains_key(*name));
    given && !headers.contains_key(header::AUTHORIZATION)
}

async fn verified(app: &App, request: Request) -> Result<Request, Problem> {
    // Whoever saw a request could send it again with another query.
    if request.uri().query().is_some_and(|query| !query.is_empty()) {
        let message = "a signed request has a query, which its signature does not cover";
        let help =
            "leave the query out; \"dryRun\", \"confirm\" and \"allowDestructive\" can stand in the event";
        return Err(Error::new("request/invalid", message).help(help).into());
    }
    let (mut parts, stream) = request.into_parts();
    let org = org(&mut parts, app).await?;
    let address = address(&parts.extensions);
    let proof = app.limits.proof(("webhook", address, parts.uri.path()));
    let check = async {
        let signed = headers(&parts.headers)?;
        let now = u64::try_from(jiff::Timestamp::now().as_second()).unwrap_or_default();
        signed.is_current(now, app.host.config().http.webhook_tolerance_s)?;
        let request = Request::from_parts(parts.clone(), stream);
        let bytes = match app.limits.is_proven(proof) {
            true => body(request, app).await.map_err(|Problem(error)| error)?,
            false => strangers_body(app, request).await?,
        };
        let principal = app.host.verify(org.as_ref(), &signed, &bytes).await?;
        Ok((principal, MessageId(signed.id().to_owned()), bytes))
    };
    let (principal, id, bytes) = app.limits.authenticated(address, proof, check).await?;
    app.limits.sender(&principal)?;
    parts.extensions.insert(principal);
    parts.extensions.insert(id);
    Ok(Request::from_parts(parts, Body::from(bytes)))
}

/// The body of a request whose sender may be anybody: few are in memory at once, and none waits for long.
async fn strangers_body(app: &App, request: Request) -> Result<Bytes, Error> {
    let http = &app.host.config().http;
    let (most, timeout_ms) = (http.max_unverified_requests, http.unverified_timeout_ms);
    let _place = app.unverified.try_acquire().map_err(|_| {
        let message =
            format!("{most} signed requests of senders that are not known yet are being read already");
        Error::new("host/overloaded", message)
    })?;
    let read = tokio::time::timeout(Duration::from_millis(timeout_ms), body(request, app)).await;
    let late = |_| {
        let message = format!("the body of the signed request did not come within {timeout_ms} ms");
        Error::new("host/timeout", message).help("send it again, all at once")
    };
    read.map_err(late)?.map_err(|Problem(error)| error)
}

fn headers(headers: &HeaderMap) -> Result<Signed, Error> {
    let values = |name| headers.get_all(name).iter().map(|value| value.as_bytes()).collect::<Vec<_>>();
    Ok(Signed::read(&values(ID_HEADER), &values(TIMESTAMP_HEADER), &values(SIGNATURE_HEADER))?)
}

/// The organisation of the path. What cannot be a name has no keys.
async fn org(parts: &mut Parts, app: &App) -> Result<Option<OrgName>, Problem> {
    let path = RawPathParams::from_request_parts(parts, app).await;
    let path = path.map_err(|e| invalid(&e.body_text()))?;
    Ok(path.iter().find(|(name, _)| *name == "org").and_then(|(_, name)| OrgName::parse(name).ok()))
}

impl From<SignatureError> for Error {
    fn from(error: SignatureError) -> Self {
        let code = match error {
            SignatureError::NotOnce { .. } | SignatureError::Malformed { .. } => "auth/signature-invalid",
            SignatureError::Stale { .. } => "auth/signature-stale",
        };
        Self::new(code, error.to_string())
    }
}
