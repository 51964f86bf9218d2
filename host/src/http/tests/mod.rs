//! The HTTP surface in process: requests into the router, answers out of it.

mod auth;
mod grants;
mod held;
mod hostile;
mod limits;
mod metadata;
mod openapi;
mod plans;
mod plugins;
mod server;
mod signatures;
mod signed;
mod tls;
mod tombstones;

use std::sync::Arc;

use axum::body::Body;
use axum::http::{Request, Response, StatusCode};
use hookwright_core::ident::OrgName;
use serde_json::Value as Json;
use sqlx::{Connection, Executor};
use tower::ServiceExt;

use super::{Options, router_with};
use crate::access::{OrgPattern, Scope};
use crate::api::OrgOptions;
use crate::config::Config;
use crate::host::Host;

/// A host with the organisations `acme` and `other` on SQLite, in a directory of its own.
pub(super) struct Site {
    pub(super) host: Host,
    options: Options,
    directory: Arc<tempfile::TempDir>,
}

/// What came back.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) status: u16,
    pub(super) media: String,
    pub(super) headers: axum::http::HeaderMap,
    pub(super) body: Json,
}

impl Site {
    pub(super) async fn new() -> Self {
        Self::with(Options { anonymous: true }).await
    }

    pub(super) async fn with(options: Options) -> Self {
        Self::of(options, |_| ()).await
    }

    pub(super) async fn of(options: Options, differ: impl FnOnce(&mut Config)) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let mut config = Config::default();
        config.control.database = directory.path().join("control.db");
        config.http.body_limit_bytes = 64 * 1024;
        differ(&mut config);
        let host = Host::start(config).await.expect("a host");
        for name in ["acme", "other"] {
            let url = format!("sqlite:{}/{name}.db", directory.path().display());
            host.org_add(&org(name), &url, OrgOptions::default()).await.expect("an org");
        }
        Self { host, options, directory: Arc::new(directory) }
    }

    /// Another host with the same organisations.
    pub(super) async fn beside(other: &Self) -> Self {
        let host = Host::start(other.host.config().clone()).await.expect("a host");
        Self { host, options: other.options, directory: other.directory.clone() }
    }

    /// Somebody changes the database of an organisation.
    pub(super) async fn hand(&self, org: &str, sql: &'static str) {
        let file = self.directory.path().join(format!("{org}.db"));
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(file);
        let mut connection = sqlx::SqliteConnection::connect_with(&options).await.expect("a connection");
        connection.execute(sql).await.expect("done");
    }

    pub(super) async fn token(&self, orgs: &str, scopes: &[Scope]) -> String {
        let orgs = vec![OrgPattern::parse(orgs).expect("a pattern")];
        self.host.token_create("test", orgs, scopes.to_vec()).await.expect("a token").1
    }

    pub(super) async fn send(&self, request: Request<Body>) -> Told {
        let router = router_with(self.host.clone(), self.options);
        told(router.oneshot(request).await.expect("infallible")).await
    }

    pub(super) async fn get(&self, path: &str) -> Told {
        self.send(Request::get(path).body(Body::empty()).expect("a request")).await
    }

    pub(super) async fn call(&self, method: &str, path: &str, body: &str) -> Told {
        let request = Request::builder().method(method).uri(path).header("content-type", "application/json");
        self.send(request.body(Body::from(body.to_owned())).expect("a request")).await
    }

    pub(super) async fn post(&self, path: &str, body: &str) -> Told {
        self.call("POST", path, body).await
    }
}

pub(super) fn org(name: &str) -> OrgName {
    OrgName::parse(name).expect("a name")
}

pub(super) async fn told(response: Response<Body>) -> Told {
    let (parts, body) = response.into_parts();
    let bytes = axum::body::to_bytes(body, usize::MAX).await.expect("a body");
    let media =
        parts.headers.get("content-type").and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned();
    let told = Told {
        status: parts.status.as_u16(),
        media,
        body: serde_json::from_slice(&bytes).unwrap_or_else(|_| String::from_utf8_lossy(&bytes).into()),
        headers: parts.headers,
    };
    if StatusCode::from_u16(told.status).is_ok_and(|s| s.as_u16() >= 400) {
        assert_eq!(told.media, "application/problem+json", "{told:?}");
        assert_eq!(told.body["status"], told.status, "{told:?}");
        assert_eq!(told.body["requestId"], told.headers["x-request-id"].to_str().expect("text"), "{told:?}");
    }
    told
}

impl Told {
    pub(super) fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or("-")
    }
}

pub(super) const INVOICE: &str = r#"{"name":"invoice","label":"Invoice","fields":[{"name":"id","type":"Uuid","nullable":false,"primaryKey":true}]}"#;
