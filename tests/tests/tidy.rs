//! The sources keep what the architecture promises. Each line of a failure names what to do instead.

use hookwright_tests::repo_root;
use hookwright_tests::tidy::{tracked_files, violations};

#[test]
fn the_repository_is_tidy() {
    let files = tracked_files(repo_root());
    assert!(files.iter().any(|file| file.path == "Cargo.toml"), "these are not the repository's files");
    let all: Vec<_> = violations(&files).iter().map(ToString::to_string).collect();
    assert!(all.is_empty(), "{} violations:\n{}", all.len(), all.join("\n"));
}
