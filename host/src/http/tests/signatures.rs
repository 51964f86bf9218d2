//! Signed plugins over HTTP: who may bind what where signatures are required, and what is loaded then.

use axum::body::Body;
use axum::http::Request;
use hookwright_core::signature::SecretKey;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::{INVOICE, Site, Told, org};
use crate::embedded::SCHEMA_SYNC;
use crate::http::Options;

/// A host that requires signatures of one of its organisations.
async fn site() -> (Site, tempfile::TempDir) {
    let directory = tempfile::tempdir().expect("a directory");
    let policy = directory.path().join("policy.toml");
    std::fs::write(&policy, "[orgs.acme.plugins]\nrequire-signed = true\n").expect("written");
    let site = Site::of(Options { anonymous: true }, |config| config.policy = Some(policy)).await;
    (site, directory)
}

/// The component that comes with the host, with a section that means nothing: it is another one then.
fn component() -> (Vec<u8>, String) {
    let component = [SCHEMA_SYNC, &[0, 2, 1, b'x']].concat();
    let digest = hex::encode(Sha256::digest(&component));
    (component, digest)
}

async fn upload(site: &Site, of: &str, component: &[u8], signature: Option<&str>) -> Told {
    let request = Request::post(format!("/v1/orgs/{of}/plugins")).header("content-type", "application/wasm");
    let request =
        signature.into_iter().fold(request, |request, given| request.header("plugin-signature", given));
    site.send(request.body(Body::from(component.to_vec())).expect("a request")).await
}

fn refused(told: &Told, code: &str, names: &[&str]) {
    assert_eq!((told.status, told.code()), (403, code), "{told:?}");
    let detail = told.body["detail"].as_str().expect("a detail");
    assert!(names.iter().all(|name| detail.contains(name)), "{detail}");
}

#[tokio::test]
async fn only_what_a_known_key_signed_is_bound() {
    let (site, _policy) = site().await;
    let (component, digest) = component();
    let (known, other) = (SecretKey::new(&[1; 32]), SecretKey::new(&[2; 32]));
    let key = known.public().to_string();
    refused(&upload(&site, "acme", &component, None).await, "plugin/unsigned", &[&digest, "none"]);
    site.host.signer_add(&org("acme"), "ci", &known.public()).await.expect("added");
    let of_another = upload(&site, "acme", &component, Some(&other.sign(&digest).to_string())).await;
    let stranger = other.public().to_string();
    refused(&of_another, "plugin/unknown-signer", &[&digest, &key, &stranger]);
    let of_other = upload(&site, "acme", &component, Some(&known.sign(&"0".repeat(64)).to_string())).await;
    refused(&of_other, "plugin/bad-signature", &[&digest, &key]);
    let done = upload(&site, "acme", &component, Some(&known.sign(&digest).to_string())).await;
    assert_eq!((done.status, &done.body["signedBy"]), (200, &json!(key)), "{done:?}");

    let own = upload(&site, "acme", SCHEMA_SYNC, None).await;
    assert_eq!(own.status, 200, "the host's own plugin needs none: {own:?}");
    let free = upload(&site, "other", &component, None).await;
    assert_eq!((free.status, free.body.get("signedBy")), (200, None), "{free:?}");
    let wrong = upload(&site, "other", &component, Some(&known.sign(&"0".repeat(64)).to_string())).await;
    refused(&wrong, "plugin/bad-signature", &[&digest]);
    for garbage in ["", "ed25519:AAAA:AAAA", &"x".repeat(4_000)] {
        let told = upload(&site, "other", &component, Some(garbage)).await;
        assert_eq!((told.status, told.code()), (400, "request/invalid"), "{told:?}");
    }
}

#[tokio::test]
async fn what_was_bound_is_checked_again_when_it_is_loaded() {
    let (site, _policy) = site().await;
    let (component, digest) = component();
    let secret = SecretKey::new(&[1; 32]);
    let (acme, key) = (org("acme"), secret.public());
    site.host.signer_add(&acme, "ci", &key).await.expect("added");
    let signature = secret.sign(&digest).to_string();
    assert_eq!(upload(&site, "acme", &component, Some(&signature)).await.status, 200);
    assert_eq!(site.post("/v1/orgs/acme/entities", INVOICE).await.status, 200);

    site.host.signer_remove(&acme, &key).await.expect("removed");
    let bill = INVOICE.replace("invoice", "bill");
    for host in [&site, &Site::beside(&site).await] {
        let told = host.post("/v1/orgs/acme/entities", &bill).await;
        refused(&told, "plugin/unknown-signer", &[&digest, "none"]);
    }
    let plugin = "/v1/orgs/acme/plugins/schema-sync";
    assert_eq!(site.post(&format!("{plugin}/disable"), "").await.status, 204);
    for query in ["", "?dryRun=true"] {
        let told = site.post(&format!("{plugin}/enable{query}"), "").await;
        refused(&told, "plugin/unknown-signer", &[&digest]);
    }
    site.host.signer_add(&acme, "ci", &key).await.expect("added");
    assert_eq!(site.post(&format!("{plugin}/enable"), "").await.status, 204);
    assert_eq!(site.post("/v1/orgs/acme/entities", &bill).await.status, 200);
}
