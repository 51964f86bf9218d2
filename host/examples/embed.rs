//! The host inside another program: called as a library, and its router beside the program's own.
//!
//! `cargo run --example embed`, then send requests with the token that is printed.

use axum::routing::get;
use hookwright::access::{OrgPattern, Scope};
use hookwright::api::{OrgOptions, SubmitOptions};
use hookwright::config::Config;
use hookwright::host::Host;
use hookwright::http;
use hookwright_core::event::Change;
use hookwright_core::ident::OrgName;

const EVENT: &[u8] = br#"{"id":"embed-1","type":"entity.create","entity":{"name":"invoice","fields":[
    {"name":"id","type":"Uuid","nullable":false,"primaryKey":true}]}}"#;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let mut config = Config::default();
    config.control.database = directory.path().join("control.db");
    let host = Host::start(config).await?;

    // As a library.
    let org = OrgName::parse("acme-corp")?;
    let database = format!("sqlite:{}", directory.path().join("acme.db").display());
    host.org_add(&org, &database, OrgOptions::default()).await?;
    let outcome = host.submit(&org, Change::parse(EVENT)?, SubmitOptions::default()).await?;
    println!("{}: {} statements", outcome.status.as_str(), outcome.statements.len());

    // Over HTTP. An embedded router lets nobody in without a token.
    let (_, token) =
        host.token_create("embed", vec![OrgPattern::parse("acme-*")?], vec![Scope::Admin]).await?;
    let own = axum::Router::new().route("/", get(|| async { "the program around it\n" }));
    let app = own.merge(http::router(host.clone()));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!(
        "curl -H 'Authorization: Bearer {token}' http://{}/v1/orgs/acme-corp/entities",
        listener.local_addr()?
    );
    axum::serve(listener, app).with_graceful_shutdown(http::stop_signal()).await?;
    host.drain().await;
    Ok(())
}
