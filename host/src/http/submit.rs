//! From a body to a change, from an outcome to a response: the one way of everything that writes.

use axum::Json;
use axum::http::HeaderMap;
use hookwright_core::event::{Change, EventError};
use hookwright_core::ident::OrgName;
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::App;
use super::problem::Problem;
use crate::access::Principal;
use crate::api::SubmitOptions;
use crate::catalogue::entry;
use crate::error::{Error, Result};
use crate::outcome::{Outcome, Status};

/// The answer to whatever writes.
pub(super) type Answer = Result<Json<Outcome>, Problem>;

/// What the sender allows, as parameters of the query.
#[derive(Debug, Clone, Copy, Default, Deserialize, utoipa::IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub(super) struct Consent {
    /// What needs a confirmation may run.
    confirm: bool,
    /// What destroys data may run.
    allow_destructive: bool,
    /// Work it out and change nothing.
    dry_run: bool,
}

impl Consent {
    pub(super) fn new(confirm: bool, allow_destructive: bool, dry_run: bool) -> Self {
        Self { confirm, allow_destructive, dry_run }
    }

    pub(super) fn options(self, principal: &Principal) -> SubmitOptions {
        SubmitOptions {
            dry_run: self.dry_run,
            confirm: self.confirm,
            allow_destructive: self.allow_destructive,
            actor: principal.actor(),
        }
    }
}

/// An event written around the body of a request.
pub(super) struct Around<'a> {
    /// The event's type.
    pub(super) kind: &'static str,
    /// Keys and texts.
    pub(super) texts: &'a [(&'static str, &'a str)],
    /// Keys and switches.
    pub(super) switches: &'a [(&'static str, bool)],
    /// The key under which the body stands, with the body.
    pub(super) body: Option<(&'static str, &'a [u8])>,
}

impl Around<'_> {
    /// The change; pointers in its errors are into the body.
    pub(super) fn change(&self, headers: &HeaderMap) -> Result<Change> {
        let mut event = format!("{{\"id\":{},\"type\":\"{}\"", text(&event_id(headers)?), self.kind);
        for (key, value) in self.texts {
            event.push_str(&format!(",\"{key}\":{}", text(value)));
        }
        for (key, value) in self.switches {
            event.push_str(&format!(",\"{key}\":{value}"));
        }
        // The text itself is carried over, not what it was parsed to, so that the event's parser sees all of it.
        if let Some((key, body)) = self.body {
            event.push_str(&format!(",\"{key}\":{}", one_value(body)?));
        }
        event.push('}');
        Change::parse(event.as_bytes()).map_err(|e| self.relative(e))
    }

    fn relative(&self, error: EventError) -> Error {
        let inside =
            self.body.and_then(|(key, _)| error.pointer.strip_prefix(&format!("/{key}")).map(str::to_owned));
        let place = inside.unwrap_or_default();
        Error::new("event/invalid", error.message).at(place)
    }
}

/// The body, if it is one JSON value and nothing else: so it cannot break out of the event around it.
fn one_value(body: &[u8]) -> Result<&str> {
    let bad = |what: String| Error::new("event/invalid", format!("the body is not JSON: {what}")).at("");
    let body = std::str::from_utf8(body).map_err(|e| bad(e.to_string()))?;
    serde_json::from_str::<IgnoredAny>(body).map_err(|e| bad(e.to_string()))?;
    Ok(body)
}

fn text(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// The `Idempotency-Key` of a request, quoted or bare, or a new id.
fn event_id(headers: &HeaderMap) -> Result<String> {
    let Some(value) = headers.get("idempotency-key") else {
        return Ok(uuid::Uuid::now_v7().to_string());
    };
    let key = value.to_str().map(|v| v.trim().trim_matches('"')).unwrap_or_default();
    match key.is_empty() || key.len() > hookwright_core::event::MAX_ID_BYTES {
        true => Err(Error::new(
            "request/invalid",
            "the header \"Idempotency-Key\" is empty, too long, or not ASCII",
        )
        .help("send an id of your own for the change, such as a UUID; or leave the header out")),
        false => Ok(key.to_owned()),
    }
}

/// Submits a change. It goes on when the sender leaves or the request's time is up.
pub(super) async fn submit(app: &App, org: OrgName, change: Change, options: SubmitOptions) -> Answer {
    answer(app.host.submit(&org, change, options).await?)
}

/// The response that tells what became of a change.
pub(super) fn answer(outcome: Outcome) -> Answer {
    match outcome.status {
        Status::Applied | Status::Replayed | Status::Planned => Ok(Json(outcome)),
        Status::Staged => Ok(Json(outcome)),
        Status::Held => Err(refusal("policy/held", outcome).into()),
        Status::Rejected | Status::RolledBack => Err(refusal("policy/refused", outcome).into()),
    }
}

/// The error that tells of a change that was held or refused.
fn refusal(fallback: &str, outcome: Outcome) -> Error {
    let own = |code: &str| entry(code).is_some_and(|e| (400..500).contains(&e.status));
    let first = outcome.reasons.first().cloned();
    let kind = first.as_ref().map(|r| r.code.as_str()).filter(|c| fallback == "policy/refused" && own(c));
    let messages: Vec<_> = outcome.reasons.iter().take(5).map(|r| r.message.as_str()).collect();
    let mut error = Error::new(kind.unwrap_or(fallback), messages.join("; "));
    if let Some(reason) = first {
        error = error.coded(reason.code).help(reason.help);
    }
    error.outcome = Some(Box::new(outcome));
    error
}
