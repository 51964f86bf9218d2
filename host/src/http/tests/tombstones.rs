//! What is dropped and kept, over HTTP; and rollbacks.

use serde_json::json;

use super::{INVOICE, Site};
use crate::access::Scope;

const TOMBSTONES: &str = "/v1/orgs/acme/tombstones";

/// Creates the entity `invoice` with a field `note`, and drops that; gives the change.
async fn dropped(site: &Site) -> String {
    site.post("/v1/orgs/acme/entities", INVOICE).await;
    site.post("/v1/orgs/acme/entities/invoice/fields", r#"{"name":"note","type":"Text"}"#).await;
    let path = "/v1/orgs/acme/entities/invoice/fields/note?dropColumn=true&allowDestructive=true";
    let told = site.call("DELETE", path, "").await;
    assert_eq!(told.status, 200, "{told:?}");
    told.body["change"].as_str().expect("an id").to_owned()
}

#[tokio::test]
async fn what_is_dropped_is_listed_and_restored() {
    let site = Site::new().await;
    let change = dropped(&site).await;
    let list = site.get(TOMBSTONES).await;
    let one = &list.body["tombstones"][0];
    assert_eq!(
        (list.status, &one["entity"], &one["field"]),
        (200, &json!("invoice"), &json!("note")),
        "{list:?}"
    );
    assert_eq!((&one["change"], &one["expired"]), (&json!(change), &json!(false)));
    assert!(one["keptUntil"].as_str() > one["droppedAt"].as_str(), "{one}");
    let restore = format!("{TOMBSTONES}/restore");
    let body = r#"{"entity":"invoice","field":"note"}"#;
    let planned = site.post(&format!("{restore}?dryRun=true"), body).await;
    assert_eq!((planned.status, &planned.body["status"]), (200, &json!("planned")), "{planned:?}");
    let done = site.post(&restore, body).await;
    assert_eq!((done.status, &done.body["intents"][0]["plugin"]), (200, &json!("hookwright")), "{done:?}");
    assert_eq!(site.get(TOMBSTONES).await.body["tombstones"], json!([]));
    let again = site.post(&restore, body).await;
    assert_eq!((again.status, again.code()), (404, "metadata/not-found"), "{again:?}");
}

#[tokio::test]
async fn a_purge_needs_leave() {
    let site = Site::new().await;
    dropped(&site).await;
    let purge = format!("{TOMBSTONES}/purge");
    for body in
        ["{}", r#"{"field":"note"}"#, r#"{"entity":"invoice","expired":true}"#, r#"{"entity":5}"#, "[]"]
    {
        let told = site.post(&purge, body).await;
        assert_eq!((told.status, told.code()), (400, "request/invalid"), "{body}: {told:?}");
    }
    let hostile = site.post(&purge, r#"{"entity":"a\"; DROP TABLE x; --"}"#).await;
    assert_eq!((hostile.status, hostile.code()), (400, "event/invalid"), "{hostile:?}");
    let body = r#"{"entity":"invoice","field":"note"}"#;
    let held = site.post(&purge, body).await;
    assert_eq!((held.status, held.code()), (409, "policy/purge"), "{held:?}");
    let done = site.post(&format!("{purge}?allowDestructive=true"), body).await;
    assert_eq!(done.status, 200, "{done:?}");
    assert_eq!(site.get(TOMBSTONES).await.body["tombstones"], json!([]));
}

#[tokio::test]
async fn a_change_is_rolled_back_once() {
    let site = Site::new().await;
    let change = dropped(&site).await;
    let path = format!("/v1/orgs/acme/changes/{change}/rollback");
    let done = site.call("POST", &path, "").await;
    assert_eq!((done.status, &done.body["status"]), (200, &json!("applied")), "{done:?}");
    let shown = site.get(&format!("/v1/orgs/acme/changes/{change}")).await;
    assert_eq!(shown.body["rolledBackBy"], done.body["change"]);
    assert_eq!(site.get("/v1/orgs/acme/entities/invoice").await.body["fields"][1]["name"], "note");
    let again = site.call("POST", &path, "").await;
    assert_eq!((again.status, again.code()), (409, "change/undone"), "{again:?}");
    let none = site.call("POST", "/v1/orgs/acme/changes/c-0/rollback", "").await;
    assert_eq!((none.status, none.code()), (404, "change/not-found"), "{none:?}");
}

#[tokio::test]
async fn only_tokens_that_may_write() {
    let site = Site::new().await;
    let change = dropped(&site).await;
    let token = site.token("acme", &[Scope::MetadataRead]).await;
    for (method, path, status) in [
        ("GET", TOMBSTONES.to_owned(), 200),
        ("POST", format!("{TOMBSTONES}/restore"), 403),
        ("POST", format!("{TOMBSTONES}/purge"), 403),
        ("POST", format!("/v1/orgs/acme/changes/{change}/rollback"), 403),
        ("GET", "/v1/orgs/other/tombstones".to_owned(), 404),
    ] {
        let request = axum::http::Request::builder()
            .method(method)
            .uri(&path)
            .header("content-type", "application/json");
        let request = request.header("authorization", format!("Bearer {token}"));
        let told = site.send(request.body(axum::body::Body::from("{}")).expect("a request")).await;
        assert_eq!(told.status, status, "{method} {path}: {told:?}");
    }
}
