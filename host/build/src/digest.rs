//! One digest over the sources a plugin is built from, to tell whether a kept component is theirs.
//!
//! The embedded plugin's test and its rebuilding call it. Reads files.
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::BuildError;

/// SHA-256, in hex, over the sorted paths and contents of `src/**` and `Cargo.toml` of the crate and of the SDK,
/// and of all of `wit_dir`.
pub fn source_digest(crate_dir: &Path, sdk_dir: &Path, wit_dir: &Path) -> Result<String, BuildError> {
    let mut files = Vec::new();
    for (label, dir) in [("crate", crate_dir), ("sdk", sdk_dir)] {
        files.push((format!("{label}/Cargo.toml"), dir.join("Cargo.toml")));
        collect(&dir.join("src"), &format!("{label}/src"), &mut files)?;
    }
    collect(wit_dir, "wit", &mut files)?;
    files.sort();
    let mut digest = Sha256::new();
    for (name, path) in files {
        let content = std::fs::read(&path).map_err(BuildError::io(&path))?;
        for part in [name.as_bytes(), &content] {
            // Lengths keep a path's end apart from its content's start.
            digest.update((part.len() as u64).to_le_bytes());
            digest.update(part);
        }
    }
    Ok(hex::encode(digest.finalize()))
}

fn collect(dir: &Path, label: &str, files: &mut Vec<(String, PathBuf)>) -> Result<(), BuildError> {
    for entry in std::fs::read_dir(dir).map_err(BuildError::io(dir))? {
        let path = entry.map_err(BuildError::io(dir))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let name = format!("{label}/{name}");
        if path.is_dir() {
            collect(&path, &name, files)?;
        } else {
            files.push((name, path));
        }
    }
    Ok(())
}
