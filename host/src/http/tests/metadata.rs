//! Events and REST over the pipeline, the ledger, plugins.

use axum::body::Body;
use axum::http::Request;

use super::{INVOICE, Site};

const EVENTS: &str = "/v1/orgs/acme/events";
const ENTITIES: &str = "/v1/orgs/acme/entities";

#[tokio::test]
async fn an_event_is_applied_once() {
    let site = Site::new().await;
    let event = format!(r#"{{"id":"e-1","type":"entity.create","entity":{INVOICE}}}"#);
    let dry = site.post(&format!("{EVENTS}?dryRun=true"), &event).await;
    assert_eq!((dry.status, dry.body["status"].as_str()), (200, Some("planned")), "{dry:?}");
    let first = site.post(EVENTS, &event).await;
    assert_eq!((first.status, first.body["status"].as_str()), (200, Some("applied")), "{first:?}");
    let again = site.post(EVENTS, &event).await;
    assert_eq!((again.status, again.body["status"].as_str()), (200, Some("replayed")), "{again:?}");
    let other = site.post(EVENTS, r#"{"id":"e-1","type":"entity.delete","entity":"invoice"}"#).await;
    assert_eq!((other.status, other.code()), (409, "event/id-reused"));
    assert_eq!(site.get("/v1/orgs/other/entities").await.body["entities"], serde_json::json!([]));
}

#[tokio::test]
async fn what_is_held_says_why() {
    let site = Site::new().await;
    site.post(ENTITIES, INVOICE).await;
    let held = site.call("DELETE", &format!("{ENTITIES}/invoice?dropTable=true"), "").await;
    assert_eq!((held.status, &held.body["type"]), (409, &"/problems/policy/held".into()), "{held:?}");
    assert_eq!(held.body["outcome"]["status"], "held");
    assert!(held.code().starts_with("policy/") && !held.body["help"].as_str().unwrap_or_default().is_empty());
    assert_eq!(site.get("/problems/policy/held").await.body["status"], 409);
    let done =
        site.call("DELETE", &format!("{ENTITIES}/invoice?dropTable=true&allowDestructive=true"), "").await;
    assert_eq!((done.status, done.body["status"].as_str()), (200, Some("applied")), "{done:?}");
}

#[tokio::test]
async fn entities_and_fields_are_events() {
    let site = Site::new().await;
    let request = Request::post(ENTITIES)
        .header("content-type", "application/json")
        .header("idempotency-key", "\"k-1\"");
    let told = site.send(request.body(Body::from(INVOICE)).expect("a request")).await;
    assert_eq!((told.status, &told.body["events"]), (200, &serde_json::json!(["k-1"])), "{told:?}");
    let told = site.post(&format!("{ENTITIES}/invoice/fields"), r#"{"name":"note","type":"Text"}"#).await;
    assert_eq!((told.status, told.body["status"].as_str()), (200, Some("applied")), "{told:?}");
    let entity = site.get(&format!("{ENTITIES}/invoice")).await;
    assert_eq!(entity.body["fields"][1]["name"], "note", "{entity:?}");
    assert_eq!(site.get(&format!("{ENTITIES}/invoice/fields/note")).await.body["type"], "Text");
    assert_eq!(site.get(ENTITIES).await.body["entities"][0]["label"], "Invoice");
    let told = site.call("PATCH", &format!("{ENTITIES}/invoice"), r#"{"label":"Bill"}"#).await;
    assert_eq!(told.status, 200, "{told:?}");
    for missing in ["invoice/fields/none", "none", "none/fields/x", "a%20b", "%22"] {
        assert_eq!(
            site.get(&format!("{ENTITIES}/{missing}")).await.code(),
            "metadata/not-found",
            "{missing}"
        );
    }
    let told = site.post(&format!("{ENTITIES}/none/fields"), r#"{"name":"note","type":"Text"}"#).await;
    assert_eq!((told.status, told.code()), (404, "metadata/not-found"), "{told:?}");
}

#[tokio::test]
async fn pointers_are_into_the_body_that_was_sent() {
    let site = Site::new().await;
    let pointer = async |path: &str, body: &str| {
        let told = site.post(path, body).await;
        assert_eq!((told.status, told.code()), (400, "event/invalid"), "{told:?}");
        told.body["pointer"].as_str().map(str::to_owned)
    };
    let bad = r#"{"name":"x","fields":[{"name":"a","type":"Flat"}]}"#;
    assert_eq!(pointer(ENTITIES, bad).await.as_deref(), Some("/fields/0/type"));
    assert_eq!(pointer(ENTITIES, r#"{"name":"x","name":"y"}"#).await.as_deref(), Some("/name"));
    let event = format!(r#"{{"id":"1","type":"entity.create","entity":{bad}}}"#);
    assert_eq!(pointer(EVENTS, &event).await.as_deref(), Some("/entity/fields/0/type"));
}

#[tokio::test]
async fn the_ledger_is_read_in_pages() {
    let site = Site::new().await;
    for n in 0..5 {
        let told = site.post(ENTITIES, &INVOICE.replace("invoice", &format!("invoice_{n}"))).await;
        assert_eq!(told.status, 200, "{told:?}");
    }
    let (mut path, mut seen) = ("/v1/orgs/acme/changes?limit=2".to_owned(), Vec::new());
    loop {
        let page = site.get(&path).await;
        let changes = page.body["changes"].as_array().expect("a list").clone();
        seen.extend(changes.iter().map(|c| c["events"][0]["subject"].as_str().expect("one").to_owned()));
        match page.body["next"].as_str() {
            Some(next) => path = next.to_owned(),
            None => break,
        }
    }
    assert_eq!(seen, ["invoice_4", "invoice_3", "invoice_2", "invoice_1", "invoice_0"]);
    let first = site.get("/v1/orgs/acme/changes?limit=1").await;
    let id = first.body["changes"][0]["change"].as_str().expect("an id").to_owned();
    assert_eq!(site.get(&format!("/v1/orgs/acme/changes/{id}")).await.body["change"], id.as_str());
    assert_eq!(site.get(&format!("/v1/orgs/other/changes/{id}")).await.code(), "change/not-found");
    let told = site.get("/v1/orgs/other/changes/none").await;
    assert_eq!(told.body["help"], "list the changes: GET /v1/orgs/other/changes");
    assert_eq!(site.get("/v1/orgs/acme/changes?limit=0").await.code(), "request/invalid");
}

#[tokio::test]
async fn plugins_are_listed_and_refused() {
    let site = Site::new().await;
    let path = "/v1/orgs/acme/plugins";
    assert!(site.get(path).await.body["plugins"].is_array());
    assert_eq!(site.post(path, "{}").await.code(), "request/unsupported-media");
    let upload = Request::post(path).header("content-type", "application/wasm");
    let told = site.send(upload.body(Body::from(vec![7_u8; 100_000])).expect("a request")).await;
    assert_eq!((told.status, &told.body["type"]), (422, &"/problems/plugin/invalid".into()), "{told:?}");
    let told = site.post(&format!("{path}/none/enable"), "").await;
    assert_eq!((told.status, told.code()), (404, "plugin/not-found"));
    assert_eq!(site.call("DELETE", &format!("{path}/none"), "").await.status, 404);
}

#[tokio::test]
async fn a_view_of_others_that_is_broken_is_named() {
    let site = Site::new().await;
    site.post(ENTITIES, INVOICE).await;
    site.hand("acme", "CREATE VIEW broken AS SELECT * FROM nowhere").await;
    let rename = || site.call("PATCH", "/v1/orgs/acme/entities/invoice?confirm=true", r#"{"name":"bill"}"#);
    let told = rename().await;
    assert_eq!((told.status, told.code()), (409, "db/in-the-way"), "{told:?}");
    assert!(told.body["detail"].as_str().unwrap_or_default().contains("view broken"), "{told:?}");
    site.hand("acme", "DROP VIEW broken").await;
    assert_eq!(rename().await.status, 200);
}
