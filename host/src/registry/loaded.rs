//! The plugins of a watched directory: which file serves which plugin, and what a new state of a file changes.
//!
//! `watch.rs` tells it what the files hold. A bad build never takes the place of a good one.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::report::Report;
use crate::sandbox::{LoadError, Loaded};

/// What each file serves.
#[derive(Default)]
pub(super) struct Served {
    files: BTreeMap<PathBuf, File>,
}

#[derive(Default)]
struct File {
    /// The digest of what was last read, good or bad.
    seen: String,
    /// The last good build.
    good: Option<Loaded>,
}

impl Served {
    /// The plugins in the order in which they are called.
    pub fn plugins(&self) -> Arc<Vec<Loaded>> {
        let mut plugins: Vec<_> = self.files.values().filter_map(|file| file.good.clone()).collect();
        plugins.sort_by(|a, b| {
            (a.manifest.priority, &a.manifest.name).cmp(&(b.manifest.priority, &b.manifest.name))
        });
        Arc::new(plugins)
    }

    pub fn paths(&self) -> impl Iterator<Item = &PathBuf> {
        self.files.keys()
    }

    /// Whether this is what the file held when it was last read.
    pub fn has_seen(&self, path: &Path, bytes: &[u8]) -> bool {
        self.files.get(path).is_some_and(|file| file.seen == digest(bytes))
    }

    /// Takes in what a file holds now.
    pub fn put(&mut self, path: &Path, bytes: &[u8], loaded: Result<Loaded, LoadError>) -> Report {
        let taken = loaded.as_ref().ok().and_then(|new| self.other(path, &new.manifest.name));
        let file = self.files.entry(path.to_owned()).or_default();
        file.seen = digest(bytes);
        let (code, why) = match (loaded, taken) {
            (Ok(new), None) => return file.replace(new),
            (Ok(_), Some(other)) => (
                "plugin/name-taken",
                format!("\"{other}\" serves a plugin of this name; remove one of the two"),
            ),
            (Err(error), _) => (error.code(), error.to_string()),
        };
        let serving = file.good.clone();
        let name = serving.as_ref().map_or_else(|| file_name(path), |last| last.manifest.name.clone());
        Report::Refused { name, code, why, serving }
    }

    /// Takes in that a file is gone.
    pub fn remove(&mut self, path: &Path) -> Option<Report> {
        self.files.remove(path)?.good.map(Report::Removed)
    }

    fn other(&self, path: &Path, name: &str) -> Option<String> {
        let serves = |file: &File| file.good.as_ref().is_some_and(|good| good.manifest.name == name);
        let mut others = self.files.iter().filter(|(other, file)| *other != path && serves(file));
        others.next().map(|(other, _)| file_name(other))
    }
}

impl File {
    fn replace(&mut self, new: Loaded) -> Report {
        match self.good.replace(new.clone()) {
            Some(old) => Report::Reloaded { old, new },
            None => Report::Loaded(new),
        }
    }
}

fn digest(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

fn file_name(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.escape_debug().to_string()
}
