//! The server over a real connection, and what stands around every handler.

use std::time::Duration;

use axum::routing::get;
use axum::{Router, middleware};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tower::ServiceExt;
use tower_http::catch_panic::CatchPanicLayer;

use super::{INVOICE, Options, Site, told};
use crate::http::{observe, problem, serve};

async fn around(path: &str) -> super::Told {
    let slow = || async { tokio::time::sleep(Duration::from_secs(60)).await };
    let broken = || async {
        if true {
            panic!("with a secret")
        }
    };
    let router = Router::new()
        .route("/slow", get(slow))
        .route("/broken", get(broken))
        .layer(middleware::from_fn_with_state(Duration::from_millis(30), observe::bound))
        .layer(CatchPanicLayer::custom(problem::panicked))
        .layer(middleware::from_fn(observe::observe));
    let request = axum::http::Request::get(path).body(axum::body::Body::empty()).expect("a request");
    told(router.oneshot(request).await.expect("infallible")).await
}

#[tokio::test]
async fn slow_and_broken_handlers_are_problems() {
    let slow = around("/slow").await;
    assert_eq!((slow.status, slow.code()), (503, "host/timeout"));
    assert_eq!(slow.headers["retry-after"], "1");
    let broken = around("/broken").await;
    assert_eq!((broken.status, broken.code()), (500, "host/fault"));
    assert!(!broken.body.to_string().contains("secret"), "{broken:?}");
}

#[tokio::test]
async fn serves_until_told_to_stop() {
    let site = Site::new().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let (stop, stopped) = oneshot::channel::<()>();
    let server =
        tokio::spawn(serve(site.host.clone(), listener, async { stopped.await.unwrap_or_default() }));
    let client = reqwest::Client::new();
    let sent = client.post(format!("{url}/v1/orgs/acme/entities")).header("content-type", "application/json");
    let answer = sent.body(INVOICE).send().await.expect("an answer");
    assert_eq!(answer.status(), 200, "{:?}", answer.text().await);
    let metrics =
        client.get(format!("{url}/metrics")).send().await.expect("an answer").text().await.expect("text");
    let line =
        r#"hookwright_http_requests_total{route="/v1/orgs/{org}/entities",method="POST",status="2xx"}"#;
    assert!(metrics.contains(line), "{metrics}");
    assert!(metrics.contains("hookwright_http_request_seconds_bucket"), "{metrics}");
    stop.send(()).expect("the server listens");
    tokio::time::timeout(Duration::from_secs(5), server)
        .await
        .expect("in time")
        .expect("no panic")
        .expect("no error");
    assert!(client.get(format!("{url}/healthz")).send().await.is_err());
}

#[tokio::test]
async fn a_connection_without_a_request_gives_its_place_to_the_next() {
    let bound = |config: &mut crate::config::Config| {
        (config.http.max_connections, config.http.header_timeout_ms) = (1, 200);
    };
    let site = Site::of(Options { anonymous: true }, bound).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let (stop, stopped) = oneshot::channel::<()>();
    let server =
        tokio::spawn(serve(site.host.clone(), listener, async { stopped.await.unwrap_or_default() }));
    let mut slow = TcpStream::connect(address).await.expect("connected");
    slow.write_all(b"GET /healthz HTTP/1.1\r\nhost: ").await.expect("half a head");
    let answer = reqwest::get(format!("http://{address}/healthz")).await.expect("an answer");
    assert_eq!(answer.status(), 200, "the only place is free again");
    let mut told = Vec::new();
    slow.read_to_end(&mut told).await.expect("the slow one is closed");
    drop(answer);
    stop.send(()).expect("the server listens");
    server.await.expect("no panic").expect("no error");
}
