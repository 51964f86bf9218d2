//! Who is let in, and what those learn who are not.

use axum::body::Body;
use axum::http::Request;

use super::{Site, Told};
use crate::access::Scope;
use crate::http::Options;

async fn as_bearer(site: &Site, authorization: &str, path: &str) -> Told {
    let request = Request::get(path).header("authorization", authorization);
    site.send(request.body(Body::empty()).expect("a request")).await
}

/// Everything of an answer but what is of this request alone.
pub(super) fn learnt(mut told: Told) -> String {
    for own in ["requestId", "instance"] {
        told.body.as_object_mut().expect("a problem").remove(own);
    }
    told.headers.remove("x-request-id");
    format!("{} {:?} {}", told.status, told.headers, told.body)
}

#[tokio::test]
async fn a_wrong_token_learns_nothing() {
    let site = Site::with(Options::default()).await;
    site.token("*", &[Scope::Admin]).await;
    let mut answers = std::collections::BTreeSet::new();
    for path in ["/v1/orgs/acme/changes", "/v1/orgs/nobody/changes", "/v1/orgs/%00/entities/x", "/metrics"] {
        for token in ["Bearer x", "Bearer hw_000000000000_0", "Basic eDp5", "", "Bearer"] {
            answers.insert(learnt(as_bearer(&site, token, path).await));
        }
        answers.insert(learnt(site.get(path).await));
    }
    assert_eq!(answers.len(), 1, "{answers:#?}");
    assert!(answers.first().is_some_and(|a| a.starts_with("401") && a.contains("Bearer realm")));
}

#[tokio::test]
async fn out_of_reach_looks_as_if_it_were_not_there() {
    let site = Site::with(Options::default()).await;
    let bearer = format!("Bearer {}", site.token("acme*", &[Scope::ChangesRead]).await);
    let there = as_bearer(&site, &bearer, "/v1/orgs/acme/changes").await;
    assert_eq!(there.status, 200, "{there:?}");
    let names = ["other", "nobod", "acme9"];
    let mut answers = Vec::new();
    for name in names {
        let told = as_bearer(&site, &bearer, &format!("/v1/orgs/{name}/changes")).await;
        answers.push(learnt(told).replace(name, "NAME"));
    }
    assert!(answers.iter().all(|a| *a == answers[0] && a.starts_with("404")), "{answers:#?}");
    // Without the scope, within reach: the same whether the organisation exists or not.
    for name in ["acme", "acme9"] {
        let told = as_bearer(&site, &bearer, &format!("/v1/orgs/{name}/entities")).await;
        assert_eq!((told.status, told.code()), (403, "auth/forbidden"));
    }
    assert_eq!(as_bearer(&site, &bearer, "/metrics").await.status, 403);
}

#[tokio::test]
async fn anonymous_only_on_this_machine_and_before_the_first_token() {
    let strict = Site::with(Options::default()).await;
    assert_eq!(strict.get("/v1/orgs/acme/changes").await.status, 401);
    let site = Site::new().await;
    assert_eq!(site.get("/v1/orgs/acme/changes").await.status, 200);
    for (header, value) in [("host", "evil.example"), ("origin", "https://evil.example"), ("origin", "null")]
    {
        let request = Request::get("/v1/orgs/acme/changes").header(header, value);
        assert_eq!(
            site.send(request.body(Body::empty()).expect("a request")).await.status,
            401,
            "{header}: {value}"
        );
    }
    // As HTTP/2 has it: no header, the name that was looked up is in the target.
    for (name, status) in [("localhost:8787", 200), ("evil.example", 401)] {
        assert_eq!(site.get(&format!("http://{name}/v1/orgs/acme/changes")).await.status, status, "{name}");
    }
    site.token("*", &[Scope::Admin]).await;
    assert_eq!(site.get("/v1/orgs/acme/changes").await.status, 401);
    assert_eq!(site.get("/healthz").await.status, 200);
    assert_eq!(site.get("/readyz").await.status, 200);
}
