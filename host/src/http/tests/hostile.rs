//! Whatever is sent: an answer below 500, with a code, in the form of a problem.

use axum::body::Body;
use axum::http::Request;

use super::{INVOICE, Site};

#[tokio::test]
async fn no_path_or_method_is_a_fault() {
    let site = Site::new().await;
    for path in [
        "/",
        "/v1",
        "/v1/orgs",
        "/v1/orgs/acme",
        "/v1/orgs//events",
        "/v1/orgs/%ff/changes",
        "/v1/orgs/a%00b/changes",
        "/v1/orgs/%2e%2e%2f/changes",
        "/v1/orgs/acme/changes/%27%20OR%201=1",
        "/v1/orgs/acme/changes?before=x",
        "/v1/orgs/acme/changes?limit=99999999999999",
        "/v1/orgs/acme/changes?nope=1",
        "/v1/orgs/acme/entities/%F0%9F%92%A9",
        "/problems/a/b",
        "/v1/orgs/acme/changes?limit=5&limit=6",
        "/v1/orgs/acme/events",
    ] {
        let told = site.get(path).await;
        assert!((400..500).contains(&told.status) && told.code() != "-", "{path}: {told:?}");
    }
    for method in ["PUT", "TRACE", "OPTIONS", "BREW"] {
        let told = site.call(method, "/v1/orgs/acme/events", "").await;
        assert_eq!((told.status, told.code()), (405, "request/method-not-allowed"), "{method}");
        assert_eq!(told.headers["allow"], "POST");
    }
}

#[tokio::test]
async fn no_body_is_a_fault() {
    let site = Site::new().await;
    let deep = "[".repeat(30_000);
    let wide = format!("[{}1]", "1,".repeat(30_000));
    let breakout = format!(r#"{INVOICE},"type":"entity.delete""#);
    let closing = r#"{"name":"x"}}{"id":"2"#;
    for body in [
        "",
        "{",
        "null",
        "1",
        "[]",
        "[[]]",
        "\"x\"",
        "{\"a\":1}",
        "\u{feff}{}",
        "{}{}",
        "{\"name\":\"\\ud800\"}",
        "{\"name\":\"a\\u0000\"}",
        "{\"name\":1e999}",
        "{\"name\":\"x'; DROP TABLE y; --\"}",
        &deep,
        &wide,
        &breakout,
        closing,
    ] {
        for path in ["events", "entities", "entities/x/fields"] {
            let told = site.post(&format!("/v1/orgs/acme/{path}"), body).await;
            assert!((400..500).contains(&told.status), "{path} {}: {told:?}", &body[..body.len().min(60)]);
        }
    }
    assert_eq!(site.get("/v1/orgs/acme/entities").await.body["entities"], serde_json::json!([]));
}

#[tokio::test]
async fn bodies_have_a_limit_and_a_type() {
    let site = Site::new().await;
    let large = " ".repeat(70_000);
    let told = site.post("/v1/orgs/acme/events", &large).await;
    assert_eq!((told.status, told.code()), (413, "event/too-large"));
    for media in [None, Some("text/plain"), Some("application/x-www-form-urlencoded"), Some("\u{ff}")] {
        let mut request = Request::post("/v1/orgs/acme/events");
        if let Some(media) = media {
            request = request.header(
                "content-type",
                axum::http::HeaderValue::from_bytes(media.as_bytes()).expect("a value"),
            );
        }
        let told = site.send(request.body(Body::from("{}")).expect("a request")).await;
        assert_eq!((told.status, told.code()), (415, "request/unsupported-media"));
    }
}

#[tokio::test]
async fn headers_are_not_trusted() {
    let site = Site::new().await;
    let long = "k".repeat(300);
    for key in ["", "\"\"", &long] {
        let request = Request::post("/v1/orgs/acme/entities").header("content-type", "application/json");
        let told = site
            .send(request.header("idempotency-key", key).body(Body::from(INVOICE)).expect("a request"))
            .await;
        assert_eq!((told.status, told.code()), (400, "request/invalid"), "{key}");
    }
    for (given, kept) in [("abc-1", true), ("a b", false), (&"x".repeat(65), false)] {
        let request = Request::get("/healthz").header("x-request-id", given);
        let told = site.send(request.body(Body::empty()).expect("a request")).await;
        assert_eq!(told.headers["x-request-id"] == given, kept, "{given}");
    }
}
