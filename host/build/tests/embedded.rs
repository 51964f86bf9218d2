//! The embedded plugin is the one that its sources make.
#![allow(clippy::unwrap_used)]
use std::path::Path;

use hookwright_build::{manifest, source_digest};

#[test]
fn the_embedded_plugin_is_up_to_date() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let (plugin, sdk) = (root.join("plugins/schema-sync"), root.join("sdk/rust"));
    let digest = source_digest(&plugin, &sdk, &root.join("wit")).unwrap();
    let kept = include_str!("../../embedded/schema_sync.sources");
    assert_eq!(
        kept.trim(),
        digest,
        "host/embedded/schema_sync.wasm was built from other sources: run \"cargo run -p hookwright-build --example plugins\" and commit what it writes"
    );
}

#[test]
fn the_embedded_plugin_says_what_it_is() {
    let component = include_bytes!("../../embedded/schema_sync.wasm");
    let manifest = manifest::read(component).unwrap();
    assert_eq!((manifest.name.as_str(), manifest.priority), ("schema-sync", 100));
}

#[test]
fn the_digest_tells_paths_and_contents_apart() {
    let digest_of = |files: &[(&str, &str)]| {
        let dir = tempfile::tempdir().unwrap();
        for (name, content) in [("Cargo.toml", ""), ("src/lib.rs", "")].iter().chain(files) {
            let path = dir.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, content).unwrap();
        }
        let wit = dir.path().join("src");
        source_digest(dir.path(), dir.path(), &wit).unwrap()
    };
    let one = digest_of(&[("src/a.rs", "bc")]);
    assert_eq!(one, digest_of(&[("src/a.rs", "bc"), ("README.md", "not a source")]));
    assert_ne!(one, digest_of(&[("src/a.rs", "bd")]));
    assert_ne!(one, digest_of(&[("src/a.rsb", "c")]));
    assert_ne!(one, digest_of(&[("src/deep/a.rs", "bc")]));
}
