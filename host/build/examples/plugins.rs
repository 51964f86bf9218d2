//! Rebuilds the plugin that is embedded in the host; with `--all DIR` builds all plugins, and the guests
//! of the tests, into `DIR` instead.
//!
//! Run by hand or by the test runner: `cargo run -p hookwright-build --example plugins [-- --all DIR]`.
//! Writes `host/embedded/` or `DIR`.
use std::error::Error;
use std::path::{Path, PathBuf};

use hookwright_build::{Options, build_crate, source_digest};

fn main() -> Result<(), Box<dyn Error>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize()?;
    let options = Options::from_env()?;
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => embed(&root, &options),
        ["--all", out] => all(&root, Path::new(out), &options),
        _ => Err("usage: embed [--all DIR]".into()),
    }
}

fn embed(root: &Path, options: &Options) -> Result<(), Box<dyn Error>> {
    let plugin = root.join("plugins/schema-sync");
    let digest = source_digest(&plugin, &root.join("sdk/rust"), &root.join("wit"))?;
    let out = root.join("host/embedded");
    build(&plugin, &out, "schema_sync", options)?;
    std::fs::write(out.join("schema_sync.sources"), digest + "\n")?;
    Ok(())
}

fn all(root: &Path, out: &Path, options: &Options) -> Result<(), Box<dyn Error>> {
    let mut dirs: Vec<PathBuf> = Vec::new();
    for parent in ["plugins", "tests/guests"] {
        for entry in std::fs::read_dir(root.join(parent))? {
            dirs.push(entry?.path());
        }
    }
    dirs.sort();
    for dir in dirs.iter().filter(|dir| is_plugin(dir)) {
        let name = dir.file_name().unwrap_or_default().to_string_lossy();
        build(dir, out, &name, options)?;
    }
    Ok(())
}

/// Whether a directory has a crate that says it is a plugin.
fn is_plugin(dir: &Path) -> bool {
    let manifest = std::fs::read_to_string(dir.join("Cargo.toml"));
    manifest.is_ok_and(|text| text.contains("[package.metadata.hookwright]"))
}

fn build(plugin: &Path, out: &Path, name: &str, options: &Options) -> Result<(), Box<dyn Error>> {
    let built = build_crate(plugin, options)?;
    std::fs::create_dir_all(out)?;
    let file = out.join(name).with_extension("wasm");
    std::fs::write(&file, &built.component)?;
    let (bytes, version) = (built.component.len(), &built.toolchain.version);
    println!("{} · {bytes} bytes · {version}", file.display());
    Ok(())
}
