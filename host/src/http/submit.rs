//! From a body to a change, from an outcome to a response: the one way of everything that writes.

use axum::Json;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use hookwright_core::event::{Change, EventError};
use serde::de::{DeserializeOwned, IgnoredAny};

use super::advice::of_outcome;
use super::problem::Problem;
use super::signed::MessageId;
use crate::access::Principal;
use crate::api::SubmitOptions;
use crate::catalogue::entry;
use crate::error::{Error, Result};
use crate::outcome::{Outcome, Status};

/// The answer to whatever writes.
pub(super) type Answer = Result<Written, Problem>;

/// What became of a change that was neither held nor refused.
#[derive(utoipa::IntoResponses)]
#[response(
    status = 200,
    description = "Applied, replayed or planned; or staged: steps beside the users of a large table are being done, and the change is applied after them"
)]
pub(super) struct Written(Outcome);

impl Written {
    /// The outcome itself.
    pub(super) fn into_outcome(self) -> Outcome {
        self.0
    }
}

impl IntoResponse for Written {
    fn into_response(self) -> Response {
        Json(of_outcome(self.0)).into_response()
    }
}

/// The switches of a query that writes.
pub(super) trait Switches: DeserializeOwned + Send {
    /// What the sender allows.
    fn options(&self, principal: &Principal) -> SubmitOptions;
}

/// Switches of a query, off unless given: those of one operation, and what the sender allows. They are one struct
/// each, since neither unknown parameters nor texts such as "true" are understood through `serde(flatten)`.
macro_rules! switches {
    ($(#[$meta:meta])* $name:ident { $($(#[$own_meta:meta])* $own:ident)* }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, Default, serde::Deserialize, utoipa::IntoParams)]
        #[serde(rename_all = "camelCase", deny_unknown_fields, default)]
        #[into_params(parameter_in = Query)]
        pub(super) struct $name {
            $($(#[$own_meta])* $own: bool,)*
            /// What needs a confirmation may run.
            confirm: bool,
            /// What destroys data may run.
            allow_destructive: bool,
            /// Work it out and change nothing.
            dry_run: bool,
        }

        impl $crate::http::submit::Switches for $name {
            fn options(&self, principal: &$crate::access::Principal) -> $crate::api::SubmitOptions {
                $crate::api::SubmitOptions {
                    dry_run: self.dry_run,
                    confirm: self.confirm,
                    allow_destructive: self.allow_destructive,
                    actor: principal.actor(),
                    plan_hash: None,
                    until: None,
                }
            }
        }
    };
}
pub(super) use switches;

switches! {
    /// What the sender allows.
    Consent {}
}

/// The header that names the event of a request that is one.
#[derive(Debug, utoipa::IntoParams)]
#[into_params(parameter_in = Header)]
pub(super) struct IdempotencyKey {
    /// The event's id
    #[param(rename = "Idempotency-Key")]
    given: Option<String>,
}

impl IdempotencyKey {
    /// That of a signed message is its id: no other header is signed.
    pub(super) fn of(parts: &Parts) -> Self {
        if let Some(MessageId(id)) = parts.extensions.get() {
            return Self { given: Some(id.clone()) };
        }
        let given = parts.headers.get("idempotency-key").map(|v| v.to_str().unwrap_or_default().to_owned());
        Self { given }
    }

    /// A new id each time.
    pub(super) fn none() -> Self {
        Self { given: None }
    }

    /// The id, quoted or bare; a new one if none is given.
    fn event_id(&self) -> Result<String> {
        Ok(self.given()?.unwrap_or_else(|| uuid::Uuid::now_v7().to_string()))
    }

    /// The id, quoted or bare, if one is given.
    pub(super) fn given(&self) -> Result<Option<String>> {
        let Some(given) = &self.given else { return Ok(None) };
        let key = given.trim().trim_matches('"');
        match key.is_empty() || key.len() > hookwright_core::event::MAX_ID_BYTES {
            true => Err(Error::new(
                "request/invalid",
                "the header \"Idempotency-Key\" is empty, too long, or not ASCII",
            )
            .help("send an id of your own for the change, such as a UUID; or leave the header out")),
            false => Ok(Some(key.to_owned())),
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
    pub(super) fn change(&self, key: &IdempotencyKey) -> Result<Change> {
        let mut event = format!("{{\"id\":{},\"type\":\"{}\"", text(&key.event_id()?), self.kind);
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

/// The response that tells what became of a change.
pub(super) fn answer(outcome: Outcome) -> Answer {
    match outcome.status {
        Status::Applied | Status::Replayed | Status::Planned | Status::Staged => Ok(Written(outcome)),
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
