//! Building crates outside the workspace, twice the same, and what is said of those that cannot be built.
#![allow(clippy::unwrap_used)]
use std::path::Path;

use hookwright_build::{BuildError, Hook, Options, ToolchainKind, build_crate, manifest};
use tempfile::TempDir;

const SOURCE: &str = r#"
use hookwright_sdk::prelude::*;

struct Archive;

impl Plugin for Archive {
    fn entity_after(_: &Context, change: &Change<EntitySpec>) -> Result<Vec<Intent>, Rejection> {
        let Change::Create(entity) = change else { return Ok(vec![]) };
        assert!(!entity.name.is_empty(), "a panic's place is in the component");
        Ok(vec![intent::add_column(&entity.name, Column::new("archived", FieldType::Boolean))])
    }
}

export_plugin!(Archive);
"#;

const LIB: &str = "[lib]\ncrate-type = [\"cdylib\", \"rlib\"]\n";
const HOOKS: &str = "[package.metadata.hookwright]\nhooks = [\"entity.after\"]\n";

/// A crate of its own, locked to the versions of this workspace.
fn stand_alone(sections: &str) -> TempDir {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap();
    let sdk = root.join("sdk/rust");
    let toml = format!(
        "[package]\nname = \"archive\"\nversion = \"0.3.0\"\nedition = \"2024\"\n\
         [dependencies]\nhookwright-sdk = {{ path = {sdk:?} }}\n{sections}"
    );
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("src")).unwrap();
    std::fs::write(dir.path().join("src/lib.rs"), SOURCE).unwrap();
    std::fs::write(dir.path().join("Cargo.toml"), toml).unwrap();
    std::fs::copy(root.join("Cargo.lock"), dir.path().join("Cargo.lock")).unwrap();
    dir
}

/// What all of these crates are built from is built once.
fn options() -> Options {
    Options { target_dir: Some(env!("CARGO_TARGET_TMPDIR").into()), ..Options::from_env().unwrap() }
}

fn refused(sections: &str) -> BuildError {
    build_crate(stand_alone(sections).path(), &Options::default()).unwrap_err()
}

#[test]
fn a_crate_outside_builds_and_twice_the_same() {
    let options = options();
    let sections = format!("{LIB}{HOOKS}grants = [\"add-column\"]\n");
    let (one, two) = (stand_alone(&sections), stand_alone(&sections));
    let built = build_crate(one.path(), &options).unwrap();
    let read = manifest::read(&built.component).unwrap();
    assert_eq!(read, built.manifest);
    assert_eq!((read.name.as_str(), read.version.as_str()), ("archive", "0.3.0"));
    assert_eq!((read.hooks, read.priority), (vec![Hook::EntityAfter], 500));
    assert!(has_no_path(&built.component, one.path()));
    let again = build_crate(&two.path().join("Cargo.toml"), &options).unwrap();
    assert!(built.component == again.component, "the bytes differ");
}

fn has_no_path(component: &[u8], dir: &Path) -> bool {
    let paths = [dir.to_str().unwrap(), env!("CARGO_MANIFEST_DIR"), "/.cargo/"];
    let text = String::from_utf8_lossy(component);
    !paths.iter().any(|path| text.contains(path))
}

#[test]
fn what_does_not_compile_is_told_with_the_compilers_words() {
    let dir = stand_alone(&format!("{LIB}{HOOKS}"));
    std::fs::write(dir.path().join("src/lib.rs"), "fn x() { y }").unwrap();
    let error = build_crate(dir.path(), &options()).unwrap_err();
    assert!(matches!(error, BuildError::Compile { .. }));
    assert!(error.to_string().contains("cannot find value `y`"), "{error}");
}

#[test]
fn a_crate_without_plugin_is_told_to_export_one() {
    let dir = stand_alone(&format!("{LIB}{HOOKS}"));
    std::fs::write(dir.path().join("src/lib.rs"), "").unwrap();
    let error = build_crate(dir.path(), &options()).unwrap_err();
    assert!(error.to_string().contains("export_plugin!"), "{error}");
}

#[test]
fn what_is_missing_is_named() {
    let nowhere = build_crate(Path::new("/nowhere"), &Options::default()).unwrap_err();
    assert!(matches!(nowhere, BuildError::NoCrate(_)));
    assert!(matches!(refused(LIB), BuildError::NoSection(name) if name == "archive"));
    assert!(matches!(refused(HOOKS), BuildError::NoCdylib(name) if name == "archive"));
    assert!(matches!(refused("[lib"), BuildError::Metadata(_)));
}

#[test]
fn a_wrong_section_is_told_key_by_key() {
    let section = |line: &str| refused(&format!("{LIB}{HOOKS}{line}\n")).to_string();
    assert!(section("grant = []").contains("unknown field `grant`"));
    assert!(section("grants = [\"raw-sql\"]").contains("raw-sql"));
    assert!(section("priority = -1").contains("-1"));
    assert!(section("entities = []").contains("entities"));
}

#[test]
fn toolchains_have_names() {
    assert_eq!("debian".parse::<ToolchainKind>().unwrap(), ToolchainKind::Debian);
    let error = "emscripten".parse::<ToolchainKind>().unwrap_err().to_string();
    assert!(error.contains("\"rustup\" or \"debian\""));
}

#[test]
fn without_a_toolchain_both_ways_are_named() {
    let reason = "nothing is there".to_owned();
    let message = BuildError::NoToolchain { reason }.to_string();
    assert!(message.contains("rustup target add wasm32-unknown-unknown"));
    assert!(message.contains("apt install rustc-web cargo-web rust-web-src lld"));
}
