//! The description fits the routes, and every reference in it leads somewhere.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use super::{INVOICE, Site, Told};
use crate::catalogue::CATALOGUE;
use crate::error::Error;
use crate::http::problem::render;

fn references<'a>(json: &'a Json, found: &mut Vec<&'a str>) {
    match json {
        Json::Object(map) => {
            found.extend(map.get("$ref").and_then(Json::as_str));
            map.values().for_each(|v| references(v, found));
        }
        Json::Array(items) => items.iter().for_each(|v| references(v, found)),
        _ => {}
    }
}

#[tokio::test]
async fn the_description_is_whole() {
    let told = Site::new().await.get("/openapi.json").await;
    assert_eq!((told.status, &told.body["openapi"]), (200, &"3.1.0".into()));
    let mut found = Vec::new();
    references(&told.body, &mut found);
    assert!(found.len() > 20);
    for reference in found {
        let pointer = reference.strip_prefix('#').expect("a local reference");
        assert!(told.body.pointer(pointer).is_some(), "{reference} leads nowhere");
    }
}

#[test]
fn the_routes_are_these() {
    let api = serde_json::to_value(crate::http::openapi()).expect("JSON");
    let (mut lines, mut ids) = (Vec::new(), BTreeSet::new());
    for (path, item) in api["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("operations") {
            let summary = operation["summary"].as_str().unwrap_or_default();
            let id = operation["operationId"].as_str().expect("an id");
            assert!(ids.insert(id.to_owned()), "two operations are called {id}");
            lines.push(format!("{:6} {path} - {summary} ({id})", method.to_uppercase()));
            let responses = operation["responses"].as_object().expect("responses");
            assert!(responses.len() > 1, "{path} tells of no problem");
            for status in ["429", "503"].iter().filter_map(|status| responses.get(*status)) {
                assert_eq!(status["$ref"], "#/components/responses/Later", "{path}");
            }
            assert!(responses.contains_key("503"), "{path}");
        }
    }
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn what_passes_says_when_to_come_again() {
    let later = serde_json::to_value(crate::http::openapi()).expect("JSON");
    let header = &later["components"]["responses"]["Later"]["headers"]["Retry-After"];
    assert_eq!(header["schema"]["type"], "integer", "{later}");
    for entry in CATALOGUE {
        let answer = render(&Error::new(entry.code, "x"), "r-1", None);
        let wait = answer.headers().get("retry-after").map(|v| v.to_str().expect("text"));
        let passes = matches!(entry.status, 429 | 503);
        assert_eq!(wait, passes.then_some("1"), "{}", entry.code);
        assert!(!passes || entry.retryable, "{}", entry.code);
    }
}

/// What does not hold of a value, by the schema that the description has of something.
fn against(schema: Json, value: &Json) -> Vec<String> {
    let mut whole = schema;
    whole["components"] = serde_json::to_value(crate::http::openapi()).expect("JSON")["components"].take();
    let validator = jsonschema::draft202012::new(&whole).expect("a JSON Schema");
    validator.iter_errors(value).map(|e| format!("{}: {e}", e.instance_path())).collect()
}

/// The same of an answer, by what the description has for it.
fn described(method: &str, path: &str, told: &Told) -> Vec<String> {
    let api = serde_json::to_value(crate::http::openapi()).expect("JSON");
    let responses = &api["paths"][path][method]["responses"];
    let schema = &responses[told.status.to_string()]["content"]["application/json"]["schema"];
    assert!(schema.is_object(), "{method} {path}: {} is not described", told.status);
    against(schema.clone(), &told.body)
}

#[tokio::test]
async fn answers_are_as_described() {
    let site = Site::new().await;
    let one = "/v1/orgs/acme/entities";
    site.post(one, INVOICE).await;
    let field = r#"{"name":"payer","type":"Enum","values":["us","them"],"default":"us","comment":"who"}"#;
    assert_eq!(site.post(&format!("{one}/invoice/fields"), field).await.status, 200);
    for (path, of) in [
        ("/v1/orgs/{org}/entities", one.to_owned()),
        ("/v1/orgs/{org}/entities/{entity}", format!("{one}/invoice")),
        ("/v1/orgs/{org}/entities/{entity}/fields/{field}", format!("{one}/invoice/fields/payer")),
        ("/v1/orgs/{org}/changes", "/v1/orgs/acme/changes".to_owned()),
        ("/v1/orgs/{org}/plugins", "/v1/orgs/acme/plugins".to_owned()),
        ("/v1/orgs/{org}/drift", "/v1/orgs/acme/drift".to_owned()),
    ] {
        let told = site.get(&of).await;
        assert_eq!(described("get", path, &told), [""; 0], "{of}: {told:?}");
    }
    for switch in ["enable", "disable"] {
        let told = site.post(&format!("/v1/orgs/acme/plugins/schema-sync/{switch}?dryRun=true"), "").await;
        let path = format!("/v1/orgs/{{org}}/plugins/{{name}}/{switch}");
        assert_eq!(described("post", &path, &told), [""; 0], "{told:?}");
    }
}

#[tokio::test]
async fn events_are_described_as_they_are_taken() {
    let site = Site::new().await;
    site.post("/v1/orgs/acme/entities", INVOICE).await;
    let events = serde_json::json!({"$ref": "#/components/schemas/Events"});
    for (body, is_event) in [
        (r#"{"id":"1","type":"entity.delete","entity":"invoice","dropTable":true}"#, true),
        (
            r#"{"type":"field.create","entity":"invoice","field":{"name":"a","type":"Text","nullable":true}}"#,
            true,
        ),
        (r#"{"type":"entity.update","entity":"invoice","changes":{"label":null}}"#, true),
        (r#"{"type":"entity.purge","entity":"invoice","kept":null}"#, true),
        (r#"{"type":"tombstones.purge"}"#, true),
        (r#"[{"type":"schema.sync","entity":"invoice"}]"#, true),
        (r#"{"type":"change.rollback","change":"c-1"}"#, true),
        (
            r#"{"type":"field.create","entity":"invoice","field":{"name":"a","type":"Text","nullable":null}}"#,
            false,
        ),
        (r#"{"type":"entity.delete","entity":"invoice","dropTable":null}"#, false),
        (r#"{"type":"entity.delete","entity":"invoice","dryRun":null}"#, false),
        (r#"{"type":"entity.explode"}"#, false),
    ] {
        let value: Json = serde_json::from_str(body).expect("JSON");
        let wrong = against(events.clone(), &value);
        assert_eq!(wrong.is_empty(), is_event, "{body}: {wrong:?}");
        let request = axum::http::Request::post("/v1/orgs/acme/events?dryRun=true")
            .header("content-type", "application/json")
            .header("idempotency-key", "\"k-1\"");
        let told = site.send(request.body(axum::body::Body::from(body)).expect("a request")).await;
        let is_taken = told.code() != "event/invalid";
        assert_eq!(is_taken, is_event, "{body}: {told:?}");
    }
}

#[test]
fn every_status_of_the_catalogue_is_described() {
    let api = serde_json::to_value(crate::http::openapi()).expect("JSON");
    let responses = &api["paths"]["/v1/orgs/{org}/events"]["post"]["responses"];
    // 405 is what methods answer that are not described.
    for entry in CATALOGUE.iter().filter(|entry| entry.status != 405) {
        assert!(responses.get(entry.status.to_string()).is_some(), "{} of {}", entry.status, entry.code);
    }
}

#[tokio::test]
async fn a_list_is_no_object() {
    let site = Site::new().await;
    for path in ["adopt?dryRun=true", "plans", "tombstones/purge?dryRun=true", "plugins/schema-sync/grants"] {
        let told = site.post(&format!("/v1/orgs/acme/{path}"), "[]").await;
        assert_eq!((told.status, told.code()), (400, "request/invalid"), "{path}: {told:?}");
    }
}
