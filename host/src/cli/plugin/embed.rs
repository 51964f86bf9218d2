//! `hookwright plugin embed`: for components that are made by other means than `plugin build`, in other languages.

use std::path::{Path, PathBuf};

use hookwright_build::manifest::{self, Manifest};

use super::super::{Context, read};
use crate::error::{Error, Result};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  hookwright plugin embed comments.wasm --manifest manifest.json --out comments_plugin.wasm

The manifest is what [package.metadata.hookwright] is for a crate:
  {\"name\": \"comments\", \"version\": \"0.1.0\", \"contract\": \"1.0\", \"hooks\": [\"entity.after\"],
   \"entities\": [\"*\"], \"grants\": [\"set-comment\"], \"priority\": 500}")]
pub(crate) struct Arguments {
    /// The component, which has no manifest yet
    file: PathBuf,
    /// Its manifest, as JSON
    #[arg(long, value_name = "FILE")]
    manifest: PathBuf,
    /// Where to put the component with its manifest; NAME.wasm in the working directory by default
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

pub(crate) fn run(arguments: Arguments, cx: &Context) -> Result<()> {
    let Arguments { file, manifest, out } = arguments;
    let (component, manifest) = made(&file, &manifest)?;
    let done = format!("made {} {}", manifest.name, manifest.version);
    super::write(&component, &manifest, out, cx, &done)
}

/// The component of a file with the manifest of another.
fn made(file: &Path, manifest: &Path) -> Result<(Vec<u8>, Manifest)> {
    let invalid = |file: &Path, what: String| {
        Error::new("plugin/invalid", format!("the file \"{}\" {what}", file.display()))
    };
    let told: Manifest = serde_json::from_slice(&read(manifest)?).map_err(|e| {
        invalid(manifest, format!("is not a manifest: {e}"))
            .help("see the example of: hookwright plugin embed --help")
    })?;
    let component = manifest::embed(&read(file)?, &told).map_err(|e| {
        invalid(file, format!("cannot be given that manifest: {e}"))
            .help("correct what is named; a component that \"plugin build\" made has its manifest")
    })?;
    Ok((component, told))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_component_gets_one_manifest() {
        let directory = tempfile::tempdir().expect("a directory");
        let at = |name: &str, bytes: &[u8]| {
            let path = directory.path().join(name);
            std::fs::write(&path, bytes).expect("written");
            path
        };
        let mut told = json!({"name": "mine", "version": "0.1.0", "contract": "1.0", "hooks": ["entity.after"],
            "entities": ["*"], "grants": ["set-comment"], "priority": 500});
        let (component, manifest) =
            (at("bare.wasm", b"\0asm\x0d\0\x01\0"), at("m.json", told.to_string().as_bytes()));
        let (made, _) = super::made(&component, &manifest).expect("made");
        assert_eq!(manifest::read(&made).expect("read").name, "mine");

        let refused =
            |component: &Path, manifest: &Path| super::made(component, manifest).expect_err("refused");
        let twice = refused(&at("made.wasm", &made), &manifest);
        assert!(twice.message.contains("more than one manifest"), "{twice}");
        let no_component = refused(&at("text.wasm", b"text"), &manifest);
        assert!(no_component.message.contains("not a WebAssembly component"), "{no_component}");
        told["grants"] = json!(["everything"]);
        let wrong = refused(&component, &at("wrong.json", told.to_string().as_bytes()));
        assert!(wrong.message.contains("\"everything\""), "{wrong}");
        let nothing = refused(&component, &at("nothing.json", b"{}"));
        assert!(nothing.message.contains("nothing.json\" is not a manifest: missing field"), "{nothing}");
        assert_eq!(nothing.code, "plugin/invalid");
    }
}
