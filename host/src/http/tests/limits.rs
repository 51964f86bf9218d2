//! Requests a second: who is held up, who is not, and what those learn who guess.

use std::collections::BTreeSet;
use std::num::NonZeroU32;

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use hookwright_core::webhook::Secret;
use tower::ServiceExt;

use super::auth::learnt;
use super::{Site, Told, org, told};
use crate::access::Scope;
use crate::config::RateConfig;
use crate::http::{Options, router_with};

const FEW: NonZeroU32 = NonZeroU32::new(2).expect("not zero");
const CHANGES: &str = "/v1/orgs/acme/changes";

/// One router for all requests: its buckets are its own.
async fn site(differ: impl FnOnce(&mut RateConfig)) -> (Site, Router) {
    let site = Site::of(Options::default(), |config| differ(&mut config.rate)).await;
    let router = router_with(site.host.clone(), site.options);
    (site, router)
}

async fn send(router: &Router, request: Request<Body>) -> Told {
    told(router.clone().oneshot(request).await.expect("infallible")).await
}

async fn as_bearer(router: &Router, token: &str) -> Told {
    let request = Request::get(CHANGES).header("authorization", format!("Bearer {token}"));
    send(router, request.body(Body::empty()).expect("a request")).await
}

/// Sends the same until there is another answer than the first.
async fn until_held_up(router: &Router, token: &str) -> Told {
    let first = as_bearer(router, token).await;
    for _ in 0..1_000 {
        let next = as_bearer(router, token).await;
        if next.status != first.status {
            return next;
        }
    }
    panic!("never held up: {first:?}")
}

#[tokio::test]
async fn a_token_that_sends_too_much_is_held_up_and_no_other() {
    let (site, router) = site(|rate| (rate.per_s, rate.burst) = (FEW, FEW)).await;
    let (busy, other) = (site.token("*", &[Scope::Admin]).await, site.token("*", &[Scope::Admin]).await);
    let held_up = until_held_up(&router, &busy).await;
    assert_eq!((held_up.status, held_up.code()), (429, "rate/sender"), "{held_up:?}");
    assert_eq!(
        (&held_up.headers["retry-after"], &held_up.body["retryable"]),
        (&"1".parse().expect("one"), &true.into())
    );
    assert_eq!(as_bearer(&router, &other).await.status, 200);
}

#[tokio::test]
async fn an_answer_before_the_body_was_read_ends_the_connection() {
    let (site, router) = site(|rate| (rate.per_s, rate.burst) = (FEW, FEW)).await;
    let busy = site.token("*", &[Scope::Admin]).await;
    let post = |body: &'static str| {
        let request = Request::post("/v1/orgs/acme/events").header("authorization", format!("Bearer {busy}"));
        let request = request.header("content-type", "application/json");
        send(&router, request.body(Body::from(body)).expect("a request"))
    };
    let read = post("{}").await;
    assert_eq!((read.status, read.headers.get("connection")), (400, None), "{read:?}");
    let none = until_held_up(&router, &busy).await;
    assert_eq!((none.status, none.headers.get("connection")), (429, None), "{none:?}");
    let unread = loop {
        let told = post("{}").await;
        if told.status != 400 {
            break told;
        }
    };
    assert_eq!(
        (unread.status, &unread.headers["connection"]),
        (429, &"close".parse().expect("a value")),
        "{unread:?}"
    );
}

#[tokio::test]
async fn who_guesses_is_held_up_and_who_was_right_goes_on() {
    let (site, router) =
        site(|rate| (rate.unauthenticated_per_s, rate.unauthenticated_burst) = (FEW, FEW)).await;
    let token = site.token("*", &[Scope::Admin]).await;
    assert_eq!(as_bearer(&router, &token).await.status, 200);
    let held_up = until_held_up(&router, "hw_000000000000_0").await;
    assert_eq!((held_up.status, held_up.code()), (429, "rate/unauthenticated"), "{held_up:?}");
    assert_eq!(as_bearer(&router, &token).await.status, 200);
    let alive = Request::get("/readyz").body(Body::empty()).expect("a request");
    assert_eq!(send(&router, alive).await.status, 200);
}

fn signed(path: &str, secret: &Secret) -> Request<Body> {
    let (body, sent) = (r#"{"type":"tombstones.purge"}"#, jiff::Timestamp::now().as_second());
    let signature = secret.sign("m-1", sent.try_into().expect("after 1970"), body.as_bytes());
    let request = Request::post(path).header("content-type", "application/json");
    let request = request.header("webhook-id", "m-1").header("webhook-timestamp", sent);
    request.header("webhook-signature", signature).body(Body::from(body)).expect("a request")
}

#[tokio::test]
async fn a_wrong_signature_learns_nothing_of_who_was_right_before() {
    let (site, router) =
        site(|rate| (rate.unauthenticated_per_s, rate.unauthenticated_burst) = (FEW, FEW)).await;
    let (_, secret) = site.host.webhook_create(&org("acme"), "crm").await.expect("made");
    let (right, wrong) = (Secret::parse(&secret).expect("a secret"), Secret::new([7; 32]));
    let (acme, nobody) = ("/v1/orgs/acme/events", "/v1/orgs/nobody/events");
    let done = send(&router, signed(acme, &right)).await;
    assert_ne!((done.status, done.code()), (401, "auth/signature-wrong"), "{done:?}");
    let (mut known, mut unknown) = (BTreeSet::new(), BTreeSet::new());
    for _ in 0..100 {
        known.insert(learnt(send(&router, signed(acme, &wrong)).await));
        unknown.insert(learnt(send(&router, signed(nobody, &wrong)).await));
    }
    assert!(known.iter().any(|a| a.starts_with("429")), "{known:#?}");
    assert_eq!(known.last(), unknown.last());
    let again = send(&router, signed(acme, &right)).await;
    assert_ne!(again.status, 429, "{again:?}");
}

/// A signed request whose body never comes.
fn unfinished_at(path: &str) -> Request<Body> {
    let (parts, _) = signed(path, &Secret::new([7; 32])).into_parts();
    let never = futures_util::stream::pending::<Result<axum::body::Bytes, std::convert::Infallible>>();
    Request::from_parts(parts, Body::from_stream(never))
}

#[tokio::test]
async fn bodies_of_strangers_are_few() {
    let site = Site::of(Options::default(), |config| {
        config.http.max_unverified_requests = 1;
        config.http.unverified_timeout_ms = u64::from(u32::MAX);
        config.rate.unauthenticated_burst = NonZeroU32::MAX;
    })
    .await;
    let (_, secret) = site.host.webhook_create(&org("acme"), "crm").await.expect("made");
    let (right, wrong) = (Secret::parse(&secret).expect("a secret"), Secret::new([7; 32]));
    let router = router_with(site.host.clone(), site.options);
    let acme = "/v1/orgs/acme/events";
    let done = send(&router, signed(acme, &right)).await;
    assert_ne!(done.status, 401, "{done:?}");
    let slow = tokio::spawn(router.clone().oneshot(unfinished_at("/v1/orgs/other/events")));
    let full = loop {
        let told = send(&router, signed("/v1/orgs/nobody/events", &wrong)).await;
        if told.status != 401 {
            break told;
        }
        tokio::task::yield_now().await;
    };
    assert_eq!((full.status, full.code()), (503, "host/overloaded"), "{full:?}");
    let known = send(&router, signed(acme, &right)).await;
    assert_eq!(
        (known.status, known.code()),
        (done.status, done.code()),
        "who is known needs no place: {known:?}"
    );
    slow.abort();
}

#[tokio::test]
async fn bodies_of_strangers_do_not_linger() {
    let site = Site::of(Options::default(), |config| config.http.unverified_timeout_ms = 20).await;
    let told = site.send(unfinished_at("/v1/orgs/acme/events")).await;
    assert_eq!((told.status, told.code()), (503, "host/timeout"), "{told:?}");
    assert!(told.body["detail"].as_str().expect("text").contains("within 20 ms"), "{told:?}");
}
