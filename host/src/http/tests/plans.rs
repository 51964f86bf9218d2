//! Plans over HTTP, and what is found to be wrong.

use serde_json::json;

use super::{INVOICE, Site};
use crate::access::Scope;

const PLANS: &str = "/v1/orgs/acme/plans";

async fn drifted() -> Site {
    let site = Site::new().await;
    site.post("/v1/orgs/acme/entities", INVOICE).await;
    site.post("/v1/orgs/acme/entities/invoice/fields", r#"{"name":"note","type":"Text"}"#).await;
    assert_eq!(site.post(PLANS, "{}").await.body, json!({"inStep": true}));
    site.hand("acme", "ALTER TABLE invoice RENAME note TO remark").await;
    site
}

#[tokio::test]
async fn a_plan_is_carried_out_once() {
    let site = drifted().await;
    let planned = site.post(PLANS, "{}").await;
    assert_eq!((planned.status, &planned.body["inStep"]), (200, &json!(false)), "{planned:?}");
    let plan = &planned.body["plan"];
    assert_eq!(plan["statements"][0], planned.body["outcome"]["statements"][0]["sql"]);
    let path = format!("{PLANS}/{}/apply", plan["planHash"].as_str().expect("a hash"));
    let body = json!({"plan": plan}).to_string();
    let held = site.post(&path, &body).await;
    assert_eq!((held.status, held.code()), (409, "policy/rename-column"), "{held:?}");
    let done = site.post(&format!("{path}?confirm=true"), &body).await;
    assert_eq!((done.status, &done.body["status"]), (200, &json!("applied")), "{done:?}");
    assert_eq!(site.post(PLANS, "{}").await.body, json!({"inStep": true}));
    let again = site.post(&format!("{path}?confirm=true"), &body).await;
    assert_eq!((again.status, &again.body["status"]), (200, &json!("replayed")), "{again:?}");
}

#[tokio::test]
async fn a_plan_whose_world_moved_does_not_run() {
    let site = drifted().await;
    let plan = site.post(PLANS, "{}").await.body["plan"].clone();
    let path = format!("{PLANS}/{}/apply?confirm=true", plan["planHash"].as_str().expect("a hash"));
    site.hand("acme", "ALTER TABLE invoice ADD COLUMN more TEXT; ALTER TABLE invoice RENAME remark TO words")
        .await;
    let refused = site.post(&path, &json!({"plan": plan}).to_string()).await;
    assert_eq!((refused.status, refused.code()), (422, "policy/plan-moved"), "{refused:?}");
    let mut other = plan.clone();
    other["org"] = "other".into();
    let wrong = site.post(&path, &json!({"plan": other}).to_string()).await;
    assert_eq!((wrong.status, wrong.code()), (400, "request/invalid"), "{wrong:?}");
    other["planHash"] = "0".repeat(64).into();
    let wrong = site.post(&path, &json!({"plan": other}).to_string()).await;
    assert_eq!((wrong.status, wrong.code()), (400, "request/invalid"), "{wrong:?}");
}

#[tokio::test]
async fn what_is_wrong_is_told_to_who_may_know() {
    let site = drifted().await;
    let told = site.get("/v1/orgs/acme/doctor").await;
    assert_eq!((told.status, &told.body["well"]), (200, &json!(false)), "{told:?}");
    let schema =
        told.body["checks"].as_array().expect("a list").iter().find(|check| check["check"] == "schema");
    assert_eq!(schema.expect("one")["troubles"][0]["code"], "drift/renamed-column");
    let token = site.token("acme", &[Scope::MetadataRead]).await;
    let request =
        axum::http::Request::get("/v1/orgs/acme/doctor").header("authorization", format!("Bearer {token}"));
    let refused = site.send(request.body(axum::body::Body::empty()).expect("a request")).await;
    assert_eq!((refused.status, refused.code()), (403, "auth/forbidden"), "{refused:?}");
}

#[tokio::test]
async fn a_table_in_the_way_is_told_with_what_it_is() {
    let site = Site::new().await;
    for (made, code) in [
        (
            r#"CREATE TABLE invoice ("id" TEXT NOT NULL CHECK (length("id") = 36), PRIMARY KEY ("id"))"#,
            "drift/identical-table",
        ),
        (
            r#"CREATE TABLE invoice ("id" TEXT NOT NULL CHECK (length("id") = 36), more TEXT, PRIMARY KEY ("id"))"#,
            "drift/compatible-table",
        ),
        ("CREATE TABLE invoice (id TEXT NOT NULL PRIMARY KEY)", "drift/foreign-table"),
        ("CREATE TABLE invoice (no INTEGER PRIMARY KEY)", "drift/foreign-table"),
    ] {
        site.hand("acme", made).await;
        let planned = site.post("/v1/orgs/acme/entities?dryRun=true", INVOICE).await;
        assert_eq!((planned.status, planned.code()), (409, code), "{made}: {planned:?}");
        let refused = site.post("/v1/orgs/acme/entities", INVOICE).await;
        assert_eq!((refused.status, refused.code()), (409, code), "{made}: {refused:?}");
        assert!(refused.body["help"].as_str().expect("advice").contains("hookwright adopt"), "{refused:?}");
        site.hand("acme", "DROP TABLE invoice").await;
    }
}
