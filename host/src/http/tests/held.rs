//! Held changes over HTTP: listed, shown, approved and rejected, by tokens that may.

use axum::body::Body;
use axum::http::Request;
use serde_json::json;

use super::{INVOICE, Site, Told, org};
use crate::access::{OrgPattern, Scope};

const CHANGES: &str = "/v1/orgs/acme/changes";

/// Holds the deletion of the entity `invoice`; gives the held change's id.
async fn held(site: &Site) -> String {
    site.post("/v1/orgs/acme/entities", INVOICE).await;
    let told = site.call("DELETE", "/v1/orgs/acme/entities/invoice?dropTable=true", "").await;
    assert_eq!((told.status, &told.body["type"]), (409, &json!("/problems/policy/held")), "{told:?}");
    told.body["outcome"]["change"].as_str().expect("an id").to_owned()
}

#[tokio::test]
async fn what_is_held_is_listed_and_shown() {
    let site = Site::new().await;
    let id = held(&site).await;
    let list = site.get(&format!("{CHANGES}?status=held")).await;
    assert_eq!((list.status, list.body["changes"].as_array().map(Vec::len)), (200, Some(1)), "{list:?}");
    let one = &list.body["changes"][0];
    assert_eq!((&one["change"], &one["status"]), (&json!(id), &json!("held")));
    assert_eq!(one["held"]["verdict"], "destructive");
    assert!(one["held"]["seconds"].is_i64() && one["held"]["since"].is_string());
    let shown = site.get(&format!("{CHANGES}/{id}")).await;
    assert_eq!((shown.status, &shown.body["status"]), (200, &json!("held")), "{shown:?}");
    assert_eq!(shown.body["planHash"], one["held"]["planHash"]);
    assert_eq!(site.get(CHANGES).await.body["changes"].as_array().map(Vec::len), Some(1));
    let next = site.get(&format!("{CHANGES}?status=held&limit=1")).await.body["next"].clone();
    let rest = site.get(next.as_str().expect("a page is full")).await;
    assert_eq!((rest.status, &rest.body["changes"]), (200, &json!([])), "{rest:?}");
    for crossed in ["before=3&status=held", "beforeChange=c-1", "status=lost"] {
        assert_eq!(site.get(&format!("{CHANGES}?{crossed}")).await.code(), "request/invalid");
    }
}

#[tokio::test]
async fn an_approval_runs_it_once() {
    let site = Site::new().await;
    let id = held(&site).await;
    let approve = format!("{CHANGES}/{id}/approve");
    let meek = site.post(&approve, "{}").await;
    assert_eq!((meek.status, meek.code()), (409, "policy/drop-table"), "{meek:?}");
    let route = format!("POST {approve} with {{\"allowDestructive\": true}}");
    assert!(meek.body["help"].as_str().is_some_and(|h| h.contains(&route)), "{meek:?}");
    let other = format!(r#"{{"allowDestructive":true,"planHash":"{}"}}"#, "0".repeat(64));
    let moved = site.post(&approve, &other).await;
    assert_eq!((moved.status, moved.code()), (409, "policy/plan-moved"), "{moved:?}");
    let done = site.post(&approve, r#"{"allowDestructive":true}"#).await;
    assert_eq!(
        (done.status, &done.body["status"], &done.body["change"]),
        (200, &json!("applied"), &json!(id))
    );
    let again = site.post(&approve, r#"{"allowDestructive":true}"#).await;
    assert_eq!((again.status, again.code()), (409, "change/decided"), "{again:?}");
    let late = site.post(&format!("{CHANGES}/{id}/reject"), "{}").await;
    assert_eq!((late.status, late.code()), (409, "change/decided"));
    assert_eq!(site.get(&format!("{CHANGES}?status=held")).await.body["changes"], json!([]));
}

#[tokio::test]
async fn a_rejection_says_why() {
    let site = Site::new().await;
    let id = held(&site).await;
    let done = site.post(&format!("{CHANGES}/{id}/reject"), r#"{"reason":"it is still read"}"#).await;
    assert_eq!((done.status, &done.body["status"]), (200, &json!("rejected")), "{done:?}");
    assert_eq!(done.body["decision"]["note"], "it is still read");
    assert!(done.body["reasons"][0]["message"].as_str().is_some_and(|m| m.contains("it is still read")));
    assert_eq!(site.post(&format!("{CHANGES}/{id}/approve"), "{}").await.code(), "change/decided");
}

#[tokio::test]
async fn bodies_that_are_wrong_are_refused() {
    let site = Site::new().await;
    let id = held(&site).await;
    for (action, body) in [
        ("approve", r#"{"allowdestructive":true}"#),
        ("approve", r#"{"allowDestructive":"yes"}"#),
        ("approve", r#"{"planHash":"x"}"#),
        ("approve", "{} {}"),
        ("approve", ""),
        ("reject", r#"{"reason":"\u0000"}"#),
    ] {
        let told = site.post(&format!("{CHANGES}/{id}/{action}"), body).await;
        assert_eq!((told.status, told.code()), (400, "request/invalid"), "{body}: {told:?}");
    }
    for none in ["c-1", "%00"] {
        assert_eq!(site.post(&format!("{CHANGES}/{none}/approve"), "{}").await.code(), "change/not-found");
    }
}

async fn decide(site: &Site, token: &str, path: &str) -> Told {
    let request = Request::post(path).header("authorization", format!("Bearer {token}"));
    let request = request.header("content-type", "application/json");
    site.send(request.body(Body::from(r#"{"allowDestructive":true}"#)).expect("a request")).await
}

#[tokio::test]
async fn only_tokens_that_may_decide() {
    let site = Site::new().await;
    let id = held(&site).await;
    let (approve, reject) = (format!("{CHANGES}/{id}/approve"), format!("{CHANGES}/{id}/reject"));
    let sender = site.token("acme", &[Scope::EventsWrite, Scope::ChangesRead]).await;
    let other = site.token("other", &[Scope::ChangesApprove]).await;
    for path in [&approve, &reject] {
        assert_eq!(decide(&site, &sender, path).await.code(), "auth/forbidden");
        assert_eq!(decide(&site, &other, path).await.code(), "org/not-found");
    }
    let orgs = vec![OrgPattern::parse("acme").expect("a pattern")];
    let made = site.host.token_create("release-manager", orgs, vec![Scope::ChangesApprove]).await;
    let done = decide(&site, &made.expect("a token").1, &approve).await;
    assert_eq!(
        (done.status, &done.body["decision"]["by"]),
        (200, &json!("token:release-manager")),
        "{done:?}"
    );
    let ledger = site.host.change(&org("acme"), &id).await.expect("applied");
    assert_eq!(ledger.decision.and_then(|d| d.by).as_deref(), Some("token:release-manager"));
}
