//! Plugins over HTTP: what the entities that are there would need, and what is done to them.

use axum::body::Body;
use axum::http::Request;
use serde_json::{Value as Json, json};
use tokio::net::TcpListener;

use super::{INVOICE, Site, Told};
use crate::access::Scope;
use crate::embedded::SCHEMA_SYNC;
use crate::http::serve;

const PLUGINS: &str = "/v1/orgs/acme/plugins";

async fn site() -> Site {
    let site = Site::new().await;
    assert_eq!(site.post("/v1/orgs/acme/entities", INVOICE).await.status, 200);
    site
}

async fn upload(site: &Site, query: &str) -> Told {
    let request = Request::post(format!("{PLUGINS}{query}")).header("content-type", "application/wasm");
    site.send(request.body(Body::from(SCHEMA_SYNC)).expect("a request")).await
}

/// The names of the plugins, each with whether it is called.
async fn bound(site: &Site) -> Vec<(String, bool)> {
    let plugins = site.host.plugin_list(&super::org("acme")).await.expect("a list");
    plugins.into_iter().map(|plugin| (plugin.name, plugin.enabled)).collect()
}

#[tokio::test]
async fn a_trial_answers_the_plan_and_binds_nothing() {
    let site = site().await;
    let before = bound(&site).await;
    for (method, path) in [("POST", "schema-sync/disable"), ("DELETE", "schema-sync")] {
        let told = site.call(method, &format!("{PLUGINS}/{path}?dryRun=true"), "").await;
        assert_eq!((told.status, &told.body["inStep"]), (200, &json!(false)), "{told:?}");
        let outcome = &told.body["outcome"];
        assert_eq!(outcome["intents"][0]["intent"]["intent"], "drop-table", "{told:?}");
        assert_eq!(outcome["intents"][0]["verdict"], "destructive", "{told:?}");
        assert!(
            outcome["statements"][0]["sql"].as_str().expect("SQL").starts_with("ALTER TABLE \"invoice\"")
        );
        assert!(told.body.get("plan").is_none(), "it could not be applied");
    }
    let told = upload(&site, "?dryRun=true&enabled=true").await;
    assert_eq!((told.status, &told.body), (200, &json!({"inStep": true})), "{told:?}");
    assert_eq!(bound(&site).await, before);
    assert_eq!(site.post("/v1/orgs/acme/plans", "{}").await.body, json!({"inStep": true}));
    let missing = site.post(&format!("{PLUGINS}/nobody/enable?dryRun=true"), "").await;
    assert_eq!((missing.status, missing.code()), (404, "plugin/not-found"), "{missing:?}");
    let both = site.post(&format!("{PLUGINS}/schema-sync/enable?dryRun=true&sync=true"), "").await;
    assert_eq!((both.status, both.code()), (400, "request/invalid"), "{both:?}");
}

#[tokio::test]
async fn the_plan_is_carried_out_with_the_binding() {
    let site = site().await;
    let held = site.post(&format!("{PLUGINS}/schema-sync/disable?sync=true"), "").await;
    assert_eq!((held.status, held.code()), (409, "policy/drop-table"), "{held:?}");
    assert!(held.body["detail"].as_str().expect("a detail").starts_with("the plugins are bound as asked"));
    assert!(held.body["help"].as_str().expect("help").contains("POST /v1/orgs/acme/sync"), "{held:?}");
    assert_eq!(bound(&site).await, [("schema-sync".to_owned(), false)]);
    let path = format!("{PLUGINS}/schema-sync/disable?sync=true&allowDestructive=true");
    let done = site.post(&path, "").await;
    assert_eq!((done.status, &done.body["outcome"]["status"]), (200, &json!("applied")), "{done:?}");
    assert_eq!(done.body["inStep"], true, "{done:?}");
    assert_eq!(site.post(&path, "").await.body, json!({"inStep": true}));

    let done = upload(&site, "?sync=true").await;
    assert_eq!((done.status, &done.body["plugin"]["name"]), (200, &json!("schema-sync")), "{done:?}");
    assert_eq!(done.body["outcome"]["statements"][0]["message"], "CREATE TABLE", "{done:?}");
    assert_eq!(site.post("/v1/orgs/acme/plans", "{}").await.body, json!({"inStep": true}));
    let plain = upload(&site, "").await;
    assert_eq!((plain.status, &plain.body["name"]), (200, &json!("schema-sync")), "{plain:?}");
    let plain = site.post(&format!("{PLUGINS}/schema-sync/enable"), "").await;
    assert_eq!((plain.status, &plain.body), (204, &json!("")), "{plain:?}");
}

#[tokio::test]
async fn a_plan_comes_over_the_wire_and_is_carried_out() {
    let site = site().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}{PLUGINS}", listener.local_addr().expect("an address"));
    let server = tokio::spawn(serve(site.host.clone(), listener, std::future::pending()));
    let client = reqwest::Client::new();
    for (switches, status) in [("dryRun=true", "held"), ("sync=true&allowDestructive=true", "applied")] {
        let answer = client.delete(format!("{url}/schema-sync?{switches}")).send().await.expect("an answer");
        assert_eq!(answer.status(), 200);
        let body: Json = answer.json().await.expect("JSON");
        assert_eq!(body["outcome"]["status"], status, "{body:#}");
    }
    let upload = client.post(format!("{url}?sync=true")).header("content-type", "application/wasm");
    let answer = upload.body(SCHEMA_SYNC).send().await.expect("an answer");
    let body: Json = answer.json().await.expect("JSON");
    assert_eq!((&body["plugin"]["enabled"], &body["outcome"]["status"]), (&json!(true), &json!("applied")));
    server.abort();
}

#[test]
fn the_description_has_the_switches() {
    let api = serde_json::to_value(crate::http::openapi()).expect("JSON");
    let plugin = "/v1/orgs/{org}/plugins/{name}";
    for (path, method) in [
        ("/v1/orgs/{org}/plugins".to_owned(), "post"),
        (format!("{plugin}/enable"), "post"),
        (format!("{plugin}/disable"), "post"),
        (plugin.to_owned(), "delete"),
    ] {
        let operation = &api["paths"][&path][method];
        let parameters = operation["parameters"].as_array().expect("parameters");
        for switch in ["dryRun", "sync", "confirm", "allowDestructive"] {
            assert!(parameters.iter().any(|p| p["name"] == switch && p["in"] == "query"), "{path}: {switch}");
        }
        let schema = &operation["responses"]["200"]["content"]["application/json"]["schema"]["$ref"];
        assert_eq!(schema, "#/components/schemas/BoundPlugin", "{path}");
    }
}

#[tokio::test]
async fn who_may_bind_and_not_write_changes_no_entities() {
    let site = site().await;
    let token = site.token("acme", &[Scope::PluginsWrite]).await;
    for switch in ["dryRun", "sync"] {
        let path = format!("{PLUGINS}/schema-sync/disable?{switch}=true");
        let request = Request::post(path).header("authorization", format!("Bearer {token}"));
        let refused = site.send(request.body(Body::empty()).expect("a request")).await;
        assert_eq!((refused.status, refused.code()), (403, "auth/forbidden"), "{refused:?}");
    }
    assert_eq!(bound(&site).await, [("schema-sync".to_owned(), true)]);
}
