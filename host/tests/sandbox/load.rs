//! What is refused before any of it runs.

use std::sync::Arc;

use hookwright::sandbox::{Limits, LoadError, Sandbox};

use crate::support::{context, empty_world, entity_after, plugin, sandbox};
use hostile_guests::{Guest, REPLY, hook, with_manifest};

fn refused(bytes: &[u8]) -> LoadError {
    sandbox().load(bytes).expect_err("refused")
}

fn component(text: &str) -> Vec<u8> {
    with_manifest(&wat::parse_str(text).unwrap(), "guest")
}

#[test]
fn what_is_no_component_is_refused() {
    let module = wat::parse_str("(module)").unwrap();
    for bytes in [&b""[..], b"\0asm", b"SELECT 1", &module] {
        assert_eq!(refused(bytes).code(), "plugin/not-a-component", "{bytes:?}");
    }
}

#[test]
fn a_truncated_component_is_refused() {
    let whole = hook(REPLY);
    for length in [whole.len() - 1, whole.len() / 2, 9] {
        let code = refused(&whole[..length]).code();
        let known = ["plugin/not-a-component", "plugin/no-manifest", "plugin/bad-manifest"];
        assert!(known.contains(&code), "{length}: {code}");
    }
}

#[test]
fn a_component_without_a_manifest_is_refused() {
    assert_eq!(refused(&Guest::default().bare()).code(), "plugin/no-manifest");
}

#[test]
fn trailing_garbage_is_refused() {
    let mut bytes = hook(REPLY);
    bytes.extend(b"garbage");
    assert_eq!(refused(&bytes).code(), "plugin/not-a-component");
}

#[test]
fn too_large_a_component_is_refused() {
    let sandbox = Sandbox::new(&Limits { component_bytes: 1024, ..Limits::default() }).unwrap();
    let error = sandbox.load(&[0; 1025]).expect_err("refused");
    assert_eq!(error, LoadError::TooLarge { bytes: 1025, limit_bytes: 1024 });
}

#[test]
fn imports_outside_the_contract_are_refused() {
    let error = refused(&component("(component (import \"evil:thing/secrets@1.0.0\" (instance)))"));
    assert_eq!(error.code(), "plugin/import");
    assert!(error.to_string().contains("\"evil:thing/secrets@1.0.0\""), "{error}");
    let more = "(component (import \"hookwright:hooks/host@1.0.0\" (instance (export \"sql\" (func)))))";
    assert!(["plugin/import", "plugin/export"].contains(&refused(&component(more)).code()));
}

#[test]
fn a_component_without_the_hooks_is_refused() {
    assert_eq!(refused(&component("(component)")).code(), "plugin/export");
    let wrong = "(component (instance $i) (export \"hookwright:hooks/entity-hooks@1.0.0\" (instance $i))
        (export \"hookwright:hooks/field-hooks@1.0.0\" (instance $i)))";
    assert_eq!(refused(&component(wrong)).code(), "plugin/export");
}

#[test]
fn a_newer_contract_is_told() {
    let newer = "(component (instance $i) (export \"hookwright:hooks/entity-hooks@1.7.0\" (instance $i)))";
    let error = refused(&component(newer));
    assert_eq!(error.code(), "plugin/contract");
    assert!(error.to_string().contains("it needs a host that speaks at least 1.7.0"), "{error}");
}

#[tokio::test]
async fn equal_bytes_are_one_plugin() {
    let sandbox = sandbox();
    let (one, two) = (sandbox.load(&hook(REPLY)).unwrap(), sandbox.load(&hook(REPLY)).unwrap());
    assert!(Arc::ptr_eq(&one.manifest, &two.manifest));
    drop(one);
    two.call(&sandbox, &context(), &entity_after(), empty_world()).await.unwrap();
}

#[test]
fn every_plugin_of_the_repository_is_accepted() {
    let sandbox = sandbox();
    for name in ["schema-sync", "naming-guard", "standard-columns", "index-advisor"] {
        let loaded = sandbox.load(&plugin(name)).unwrap();
        assert_eq!((loaded.manifest.name.as_str(), loaded.digest.len()), (name, 64));
    }
}
