//! What cargo knows about the plugin's crate, and the manifest in its `Cargo.toml`.
//!
//! Only `lib.rs` calls it. Runs `cargo metadata`.
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::BuildError;
use crate::manifest::{CONTRACT, Hook, Manifest};
use crate::toolchain::{TARGET, Toolchain};

/// A crate to build.
pub(crate) struct Package {
    pub name: String,
    pub id: String,
    pub dir: PathBuf,
    pub manifest: Manifest,
    pub workspace_root: PathBuf,
    pub target_directory: PathBuf,
    /// Name and directory of every crate that is built from a path.
    pub local: Vec<(String, PathBuf)>,
}

/// The `Cargo.toml` that `path` means.
pub(crate) fn manifest_path(path: &Path) -> Result<PathBuf, BuildError> {
    let toml = if path.is_dir() { path.join("Cargo.toml") } else { path.to_owned() };
    let is_toml = toml.file_name().is_some_and(|name| name == "Cargo.toml");
    match toml.canonicalize() {
        Ok(found) if is_toml => Ok(found),
        _ => Err(BuildError::NoCrate(toml)),
    }
}

pub(crate) fn read(toml: &Path, toolchain: &Toolchain, offline: bool) -> Result<Package, BuildError> {
    let metadata = metadata(toml, toolchain, offline)?;
    let own = metadata
        .packages
        .iter()
        .find(|package| package.manifest_path == toml)
        .ok_or_else(|| BuildError::NoCrate(toml.to_owned()))?;
    let is_cdylib = |target: &Target| target.crate_types.iter().any(|kind| kind == "cdylib");
    if !own.targets.iter().any(is_cdylib) {
        return Err(BuildError::NoCdylib(own.name.clone()));
    }
    let is_local = |package: &&RawPackage| package.source.is_none();
    let local = metadata.packages.iter().filter(is_local);
    Ok(Package {
        name: own.name.clone(),
        id: own.id.clone(),
        dir: directory(own),
        manifest: manifest(own)?,
        local: local.map(|p| (p.name.clone(), directory(p))).collect(),
        workspace_root: metadata.workspace_root,
        target_directory: metadata.target_directory,
    })
}

fn directory(package: &RawPackage) -> PathBuf {
    let parent = package.manifest_path.parent();
    parent.unwrap_or(Path::new("/")).to_owned()
}

fn metadata(toml: &Path, toolchain: &Toolchain, offline: bool) -> Result<Metadata, BuildError> {
    let mut command = toolchain.cargo(toml.parent().unwrap_or(Path::new("/")));
    command.args(["metadata", "--format-version=1", "--filter-platform", TARGET]);
    command.arg("--manifest-path").arg(toml);
    if offline {
        command.arg("--offline");
    }
    let done = command.output().map_err(BuildError::io(&toolchain.cargo))?;
    if !done.status.success() {
        let said = String::from_utf8_lossy(&done.stderr);
        return Err(BuildError::Metadata(said.trim().to_owned()));
    }
    serde_json::from_slice(&done.stdout).map_err(|error| BuildError::Metadata(error.to_string()))
}

fn manifest(package: &RawPackage) -> Result<Manifest, BuildError> {
    let name = &package.name;
    let section = package.metadata.get("hookwright");
    let section = section.ok_or_else(|| BuildError::NoSection(name.clone()))?;
    let section: Section = serde_json::from_value(section.clone())
        .map_err(|error| BuildError::BadSection { name: name.clone(), reason: error.to_string() })?;
    let manifest = Manifest {
        name: name.clone(),
        version: package.version.clone(),
        description: package.description.clone(),
        contract: CONTRACT.to_owned(),
        hooks: section.hooks,
        entities: section.entities,
        grants: section.grants,
        priority: section.priority,
        config_schema: section.config_schema,
    };
    manifest.validate()?;
    Ok(manifest)
}

/// `[package.metadata.hookwright]`.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Section {
    hooks: Vec<Hook>,
    #[serde(default = "every_entity")]
    entities: Vec<String>,
    #[serde(default)]
    grants: Vec<String>,
    #[serde(default = "usual_priority")]
    priority: u16,
    #[serde(default)]
    config_schema: Option<serde_json::Value>,
}

fn every_entity() -> Vec<String> {
    vec!["*".to_owned()]
}

/// After the plugins that come with the host.
fn usual_priority() -> u16 {
    500
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<RawPackage>,
    workspace_root: PathBuf,
    target_directory: PathBuf,
}

#[derive(Deserialize)]
struct RawPackage {
    name: String,
    id: String,
    version: String,
    description: Option<String>,
    source: Option<String>,
    manifest_path: PathBuf,
    targets: Vec<Target>,
    #[serde(default)]
    metadata: serde_json::Value,
}

#[derive(Deserialize)]
struct Target {
    crate_types: Vec<String>,
}
