//! The description fits the routes, and every reference in it leads somewhere.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use super::Site;
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
