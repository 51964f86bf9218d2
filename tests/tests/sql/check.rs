//! Runs `hookwright-sqlcheck`: PostgreSQL's own parser, and the squawk linter.

use std::io::Write;
use std::process::{Command, Stdio};

use hookwright_tests::repo_root;
use serde::{Deserialize, Serialize};

/// SQL to look at.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Script {
    /// Where it comes from.
    pub name: String,
    pub sql: String,
    /// Whether the linter looks at it too.
    pub lint: bool,
}

/// What is against it.
#[derive(Debug, Deserialize)]
pub(super) struct Finding {
    pub name: String,
    /// `parser`, or the linter's name for a rule.
    pub rule: String,
    pub message: String,
    pub at: String,
}

/// Looks at scripts.
pub(super) fn check(scripts: &[Script]) -> Vec<Finding> {
    let program = repo_root().join("target/sqlcheck/debug/hookwright-sqlcheck");
    assert!(program.is_file(), "the program that checks SQL is not built: run ./tests/run");
    let (input, output) = (Stdio::piped(), Stdio::piped());
    let mut child = Command::new(program).stdin(input).stdout(output).spawn().unwrap();
    let json = serde_json::to_vec(scripts).unwrap();
    // It reads all of its input before it writes anything; dropped here, so that it sees the end.
    child.stdin.take().unwrap().write_all(&json).unwrap();
    let done = child.wait_with_output().unwrap();
    assert!(done.status.success(), "hookwright-sqlcheck failed: {}", done.status);
    serde_json::from_slice(&done.stdout).unwrap()
}
