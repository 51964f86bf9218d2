//! Manifests in components: what is written is read, and hostile bytes are a typed error.
#![allow(clippy::unwrap_used)]
use hookwright_build::manifest::{self, GRANTS, MAX_BYTES, SECTION};
use hookwright_build::{Hook, Manifest, ManifestError};
use serde_json::json;

const EMPTY: &[u8] = b"\0asm\x0d\0\x01\0";

fn sample() -> Manifest {
    Manifest {
        name: "schema-sync".into(),
        version: "1.2.3".into(),
        description: Some("Does it.".into()),
        contract: "1.0".into(),
        hooks: vec![Hook::EntityAfter, Hook::FieldBefore],
        entities: vec!["crm_*".into(), "invoice".into()],
        grants: vec!["create-table".into(), "add-column on crm_*".into()],
        priority: 100,
        config_schema: Some(json!({"type": "object"})),
    }
}

fn section(name: &str, data: &[u8]) -> Vec<u8> {
    use wasm_encoder::{ComponentSection, CustomSection};
    let mut bytes = Vec::new();
    let (name, data) = (name.into(), data.into());
    CustomSection { name, data }.append_to_component(&mut bytes);
    bytes
}

fn carrying(data: &[u8]) -> Vec<u8> {
    [EMPTY, &section(SECTION, data)].concat()
}

fn refused(change: impl FnOnce(&mut Manifest)) -> String {
    let mut manifest = sample();
    change(&mut manifest);
    manifest.validate().unwrap_err().to_string()
}

#[test]
fn what_is_embedded_is_read() {
    let other = [EMPTY, &section("other", b"x")].concat();
    let component = manifest::embed(&other, &sample()).unwrap();
    assert_eq!(manifest::read(&component).unwrap(), sample());
}

#[test]
fn it_is_camel_case_json() {
    let json = serde_json::to_value(sample()).unwrap();
    assert_eq!(json["hooks"], json!(["entity.after", "field.before"]));
    assert_eq!(json["configSchema"], json!({"type": "object"}));
}

#[test]
fn all_beginnings_of_a_component_are_survived() {
    let component = manifest::embed(EMPTY, &sample()).unwrap();
    for end in 0..component.len() {
        let error = manifest::read(&component[..end]).unwrap_err();
        match end {
            0..8 => assert!(matches!(error, ManifestError::NotComponent)),
            8 => assert!(matches!(error, ManifestError::Missing)),
            _ => assert!(matches!(error, ManifestError::Malformed(_)), "{end}: {error}"),
        }
    }
}

#[test]
fn every_flipped_byte_is_survived() {
    let component = manifest::embed(EMPTY, &sample()).unwrap();
    for at in 0..component.len() {
        for bit in 0..8 {
            let mut broken = component.clone();
            broken[at] ^= 1 << bit;
            let _ = manifest::read(&broken);
        }
    }
}

#[test]
fn a_core_module_is_no_component() {
    let error = manifest::read(b"\0asm\x01\0\0\0").unwrap_err();
    assert!(matches!(error, ManifestError::NotComponent));
}

#[test]
fn a_length_beyond_the_end_is_malformed() {
    let bytes = [EMPTY, b"\0\xff\xff\xff\xff\x0f"].concat();
    assert!(matches!(manifest::read(&bytes).unwrap_err(), ManifestError::Malformed(_)));
    let endless = [EMPTY, b"\0\xff\xff\xff\xff\xff\xff"].concat();
    assert!(matches!(manifest::read(&endless).unwrap_err(), ManifestError::Malformed(_)));
}

#[test]
fn two_manifests_are_refused() {
    let one = manifest::embed(EMPTY, &sample()).unwrap();
    let again = manifest::embed(&one, &sample()).unwrap_err();
    assert!(matches!(again, ManifestError::Duplicate));
    let two = [one.as_slice(), &section(SECTION, b"{}")].concat();
    assert!(matches!(manifest::read(&two).unwrap_err(), ManifestError::Duplicate));
}

#[test]
fn too_large_a_manifest_is_refused() {
    let bytes = carrying(&vec![b' '; MAX_BYTES + 1]);
    assert!(matches!(manifest::read(&bytes).unwrap_err(), ManifestError::TooLarge { .. }));
    let mut manifest = sample();
    manifest.config_schema = Some(json!({"x": "y".repeat(MAX_BYTES)}));
    let error = manifest::embed(EMPTY, &manifest).unwrap_err();
    assert!(matches!(error, ManifestError::TooLarge { .. }));
}

#[test]
fn other_than_utf8_and_json_is_refused() {
    let error = manifest::read(&carrying(b"\xff")).unwrap_err();
    assert!(matches!(error, ManifestError::NotUtf8(_)));
    for text in ["", "[]", "{", "{}", &"[".repeat(MAX_BYTES)] {
        let error = manifest::read(&carrying(text.as_bytes())).unwrap_err();
        assert!(matches!(error, ManifestError::Json(_)), "{text}");
    }
}

#[test]
fn unknown_and_repeated_keys_are_refused() {
    let text = serde_json::to_string(&sample()).unwrap();
    for key in [r#""sql":"x","#, r#""name":"other","#] {
        let text = text.replacen('{', &format!("{{{key}"), 1);
        let error = manifest::read(&carrying(text.as_bytes())).unwrap_err();
        assert!(matches!(error, ManifestError::Json(_)), "{key}");
    }
}

#[test]
fn every_key_is_checked() {
    assert!(refused(|m| m.name = "Schema Sync".into()).starts_with("name \"Schema Sync\""));
    assert!(refused(|m| m.name = String::new()).starts_with("name"));
    assert!(refused(|m| m.version = "1 2".into()).starts_with("version"));
    assert!(refused(|m| m.description = Some("a\nb".into())).starts_with("description"));
    assert!(refused(|m| m.contract = "2.0".into()).contains("\"2.0\""));
    assert!(refused(|m| m.hooks.clear()).starts_with("hooks"));
    assert!(refused(|m| m.hooks.push(Hook::EntityAfter)).contains("twice"));
    assert!(refused(|m| m.entities.clear()).starts_with("entities"));
    assert!(refused(|m| m.entities.push("[a".into())).starts_with("entities \"[a\""));
    assert!(refused(|m| m.grants.push("raw-sql".into())).starts_with("grants \"raw-sql\""));
    assert!(refused(|m| m.grants.push("create-table".into())).contains("twice"));
    assert!(refused(|m| m.grants.push("add-column on a-b".into())).contains("a pattern has"));
    assert!(refused(|m| m.grants.push("add-column for a".into())).contains("KIND on PATTERN"));
    assert!(refused(|m| m.config_schema = Some(json!(true))).starts_with("configSchema"));
}

#[test]
fn hostile_text_stays_out_of_messages() {
    let message = refused(|m| m.name = "\u{1b}[31m\n".repeat(100));
    assert!(message.len() < 300 && !message.contains(char::is_control));
}

#[test]
fn every_intent_of_the_contract_is_a_grant() {
    let types = include_str!("../../../wit/types.wit");
    let (_, variant) = types.split_once("variant intent {").unwrap();
    let (variant, _) = variant.split_once('}').unwrap();
    let kinds = variant.lines().filter_map(|line| line.trim().split_once('('));
    let kinds: Vec<&str> = kinds.map(|(kind, _)| kind).collect();
    assert_eq!(kinds, GRANTS);
}
