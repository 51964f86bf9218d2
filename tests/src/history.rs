//! A real application's metadata history: its events, in order.
//!
//! The file is not part of the repository: `HOOKWRIGHT_HISTORY` names it, or it lies in `shared/data` beside
//! the repository. Without it there is nothing to test, and the tests say so.

use std::path::PathBuf;

use crate::repo_root;

/// Its events, one JSON object each; none if the file is not there.
pub fn events() -> Option<Vec<String>> {
    let beside = || repo_root().join("../shared/data/crm-history.jsonl");
    let path = std::env::var_os("HOOKWRIGHT_HISTORY").map_or_else(beside, PathBuf::from);
    match std::fs::read_to_string(&path) {
        Ok(text) => Some(text.lines().filter(|line| !line.trim().is_empty()).map(str::to_owned).collect()),
        Err(error) => {
            eprintln!("skipped: {} cannot be read ({error})", path.display());
            None
        }
    }
}
