//! The official clients of Standard Webhooks, in JavaScript and Python, against a real host: what they sign is taken, and
//! what the core signs is right for them. `tests/run` puts them into `target/webhooks`.

#![allow(clippy::unwrap_used)]

use std::io::Write;
use std::process::{Command, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

use hookwright::api::OrgOptions;
use hookwright::http;
use hookwright_core::webhook::Secret;
use hookwright_tests::org::{config, name, start};
use hookwright_tests::repo_root;
use serde_json::{Value as Json, json};
use tempfile::TempDir;

/// Runs a client with this on its standard input; gives what it told.
fn run(client: &str, input: &Json) -> Json {
    let (scripts, installed) = (repo_root().join("tests/webhooks"), repo_root().join("target/webhooks"));
    assert!(installed.is_dir(), "the clients are not installed: run ./tests/run");
    let mut command = match client {
        "npm" => Command::new("node"),
        _ => Command::new("python3"),
    };
    command.arg(scripts.join(if client == "npm" { "client.cjs" } else { "client.py" }));
    command.env("NODE_PATH", installed.join("node/node_modules")).env("PYTHONPATH", installed.join("python"));
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.to_string().as_bytes()).unwrap();
    let done = child.wait_with_output().unwrap();
    assert!(done.status.success(), "the client of {client} failed: {}", done.status);
    serde_json::from_slice(&done.stdout).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_official_clients_sign_is_carried_out_once() {
    let directory = TempDir::new().unwrap();
    let mut config = config(directory.path());
    config.http.listen.set_port(0);
    let host = start(config).await;
    let org = name("acme");
    let database = format!("sqlite:{}/acme.db", directory.path().display());
    host.org_add(&org, &database, OrgOptions::default()).await.unwrap();
    let (key, secret) = host.webhook_create(&org, "crm").await.unwrap();
    let listener = http::bind(&host).await.unwrap();
    let url = format!("http://{}/v1/orgs/acme/events", listener.local_addr().unwrap());
    let server = tokio::spawn(http::serve(host.clone(), listener, std::future::pending()));

    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let ours = r#"{"größe": 1}"#;
    let signature = Secret::parse(&secret).unwrap().sign("m-0", now, ours.as_bytes());
    let headers =
        json!({"webhook-id": "m-0", "webhook-timestamp": now.to_string(), "webhook-signature": signature});
    for client in ["npm", "pypi"] {
        let field = json!({"name": "id", "type": "Uuid", "nullable": false, "primaryKey": true});
        let entity = json!({"name": format!("of_{client}"), "label": "Größe", "fields": [field]});
        let body = json!({"type": "entity.create", "entity": entity}).to_string();
        let input = json!({
            "url": url, "secret": secret, "id": format!("msg_{client}"), "body": body,
            "ours": {"body": ours, "headers": headers},
        });
        let send = |input: Json| tokio::task::spawn_blocking(move || run(client, &input));
        for status in ["applied", "replayed"] {
            let told = send(input.clone()).await.unwrap();
            assert_eq!((&told["status"], &told["body"]["status"]), (&json!(200), &json!(status)), "{told}");
        }
    }
    host.webhook_revoke(&key.id).await.unwrap();
    server.abort();
}
