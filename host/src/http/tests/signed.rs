//! Signed requests: who is let in, what a repeated message does, and what those learn who guess.

use std::collections::BTreeSet;

use axum::body::Body;
use axum::http::Request;
use hookwright_core::webhook::Secret;
use serde_json::json;

use super::auth::learnt;
use super::{Site, Told, org};
use crate::access::Scope;
use crate::http::Options;

const EVENTS: &str = "/v1/orgs/acme/events";
const EVENT: &str = r#"{"type":"entity.create","entity":{"name":"invoice","fields":[{"name":"id","type":"Uuid","nullable":false,"primaryKey":true}]}}"#;

fn now() -> u64 {
    u64::try_from(jiff::Timestamp::now().as_second()).expect("after 1970")
}

/// A message as a sender signs it.
struct Message<'a> {
    path: &'a str,
    id: &'a str,
    sent: u64,
    body: &'a str,
}

impl Default for Message<'_> {
    fn default() -> Self {
        Self { path: EVENTS, id: "m-1", sent: now(), body: EVENT }
    }
}

impl Message<'_> {
    fn signature(&self, secret: &Secret) -> String {
        secret.sign(self.id, self.sent, self.body.as_bytes())
    }

    fn with(&self, signature: &str) -> Request<Body> {
        let request = Request::post(self.path).header("content-type", "application/json");
        let request = request.header("webhook-id", self.id).header("webhook-timestamp", self.sent);
        let request = request.header("webhook-signature", signature);
        request.body(Body::from(self.body.to_owned())).expect("a request")
    }
}

async fn key(site: &Site, of: &str) -> Secret {
    let (_, secret) = site.host.webhook_create(&org(of), "crm").await.expect("made");
    Secret::parse(&secret).expect("a secret")
}

async fn send(site: &Site, secret: &Secret, message: &Message<'_>) -> Told {
    site.send(message.with(&message.signature(secret))).await
}

#[tokio::test]
async fn a_message_is_carried_out_once_however_often_it_comes() {
    let site = Site::with(Options::default()).await;
    let secret = key(&site, "acme").await;
    let other = Site::beside(&site).await;
    let done = send(&site, &secret, &Message::default()).await;
    assert_eq!((done.status, &done.body["status"]), (200, &json!("applied")), "{done:?}");
    let change = site.host.changes(&org("acme"), crate::api::Page { before: None, limit: 9 }).await;
    let change = change.expect("a list").remove(0);
    assert_eq!((change.actor.as_deref(), change.events[0].id.as_str()), (Some("webhook:crm"), "m-1"));
    // As it was, and as a sender repeats it: with a new time. By any host.
    for (host, sent) in [(&site, now()), (&other, now()), (&other, now() - 100)] {
        let again = send(host, &secret, &Message { sent, ..Message::default() }).await;
        assert_eq!((again.status, &again.body["status"]), (200, &json!("replayed")), "{again:?}");
        assert_eq!(again.body["change"], done.body["change"]);
    }
    let reused = Message { body: &EVENT.replace("invoice", "bill"), ..Message::default() };
    let reused = send(&site, &secret, &reused).await;
    assert_eq!((reused.status, reused.code()), (409, "event/id-reused"), "{reused:?}");
}

#[tokio::test]
async fn a_message_that_failed_can_come_again() {
    let site = Site::with(Options::default()).await;
    let secret = key(&site, "acme").await;
    let field = r#"{"type":"field.create","entity":"invoice","field":{"name":"status","type":"String"}}"#;
    let field = Message { id: "m-2", body: field, ..Message::default() };
    let early = send(&site, &secret, &field).await;
    assert_eq!((early.status, early.code()), (404, "metadata/not-found"), "{early:?}");
    assert_eq!(send(&site, &secret, &Message::default()).await.status, 200);
    let again = send(&site, &secret, &field).await;
    assert_eq!((again.status, &again.body["status"]), (200, &json!("applied")), "{again:?}");
}

#[tokio::test]
async fn whoever_guesses_learns_nothing() {
    let site = Site::with(Options::default()).await;
    let (secret, others) = (key(&site, "acme").await, key(&site, "other").await);
    let mut answers = BTreeSet::new();
    for path in [EVENTS, "/v1/orgs/other/events", "/v1/orgs/nobody/events", "/v1/orgs/%00/events"] {
        let message = Message { path, ..Message::default() };
        for body in [EVENT, "{", ""] {
            let forged = Message { body, path, ..Message::default() };
            answers.insert(learnt(site.send(forged.with(&message.signature(&Secret::new([7; 32])))).await));
        }
        let of_another = if path == EVENTS { &others } else { &secret };
        answers.insert(learnt(send(&site, of_another, &message).await));
    }
    let altered = Message { body: "{}", ..Message::default() };
    answers.insert(learnt(site.send(altered.with(&Message::default().signature(&secret))).await));
    assert_eq!(answers.len(), 1, "{answers:#?}");
    assert!(answers.first().is_some_and(|a| a.starts_with("401") && a.contains("auth/signature-wrong")));
    assert!(site.host.entities(&org("acme")).await.expect("a list").is_empty());
}

#[tokio::test]
async fn what_is_not_current_or_not_in_form_is_refused() {
    let site = Site::with(Options::default()).await;
    let secret = key(&site, "acme").await;
    for sent in [now() - 400, now() + 400] {
        let stale = send(&site, &secret, &Message { sent, ..Message::default() }).await;
        assert_eq!((stale.status, stale.code()), (401, "auth/signature-stale"), "{stale:?}");
        assert!(stale.body["detail"].as_str().expect("text").contains("at most 300 s"), "{stale:?}");
    }
    let many = ["v1,x"; 17].join(" ");
    for signature in ["", "v1,x", &many] {
        let told = site.send(Message::default().with(signature)).await;
        assert_eq!((told.status, told.code()), (400, "auth/signature-invalid"), "{told:?}");
    }
    let alone = Request::post(EVENTS).header("webhook-signature", "v1,x");
    let alone = site.send(alone.body(Body::from(EVENT)).expect("a request")).await;
    assert_eq!((alone.status, alone.code()), (400, "auth/signature-invalid"), "{alone:?}");
    assert!(alone.body["detail"].as_str().expect("text").contains("webhook-id"), "{alone:?}");
    let large = Message { body: &" ".repeat(70_000), ..Message::default() };
    assert_eq!(send(&site, &secret, &large).await.code(), "event/too-large");
}

#[tokio::test]
async fn a_signature_is_good_for_events_alone_and_for_nothing_beside_the_body() {
    let site = Site::with(Options::default()).await;
    let secret = key(&site, "acme").await;
    let queried = Message { path: "/v1/orgs/acme/events?allowDestructive=true", ..Message::default() };
    let queried = send(&site, &secret, &queried).await;
    assert_eq!((queried.status, queried.code()), (400, "request/invalid"), "{queried:?}");
    let body = r#"{"name":"invoice","fields":[]}"#;
    let elsewhere = Message { path: "/v1/orgs/acme/entities", body, ..Message::default() };
    let elsewhere = send(&site, &secret, &elsewhere).await;
    assert_eq!((elsewhere.status, elsewhere.code()), (401, "auth/unauthenticated"), "{elsewhere:?}");
    let mut keyed = Message::default().with(&Message::default().signature(&secret));
    keyed.headers_mut().insert("idempotency-key", "other".parse().expect("a value"));
    assert_eq!(site.send(keyed).await.body["status"], "applied");
    assert_eq!(send(&site, &secret, &Message::default()).await.body["status"], "replayed");
}

#[tokio::test]
async fn a_token_names_the_event_by_idempotency_key() {
    let site = Site::with(Options::default()).await;
    let token = site.token("acme", &[Scope::EventsWrite]).await;
    let mut statuses = Vec::new();
    for _ in 0..2 {
        let request = Request::post(EVENTS).header("authorization", format!("Bearer {token}"));
        let request = request.header("content-type", "application/json").header("idempotency-key", "k-1");
        let told = site.send(request.body(Body::from(EVENT)).expect("a request")).await;
        statuses.push(told.body["status"].as_str().expect("a status").to_owned());
    }
    assert_eq!(statuses, ["applied", "replayed"]);
}
