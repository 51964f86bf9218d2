//! Checks of the sources themselves: what the architecture promises, held by a test.
//!
//! Each check is a function of the repository's files and has unit tests that show it failing.
//! A new check is one line in [`CHECKS`]. Reads files, changes none.

mod banned;
mod layers;
mod mask;
mod rules;
mod shape;
mod source;
mod texts;

use std::fmt;

pub use source::{File, tracked_files};

/// Something in the sources that must not be there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The file, from the repository's root.
    pub path: String,
    /// The line, from 1.
    pub line: usize,
    /// What is wrong.
    pub banned: String,
    /// What to do instead.
    pub instead: String,
}

impl Violation {
    fn new(file: &File, line: usize, banned: impl Into<String>, instead: impl Into<String>) -> Self {
        Self { path: file.path.clone(), line, banned: banned.into(), instead: instead.into() }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, line, banned, instead } = self;
        write!(f, "{path}:{line}: {banned}; {instead}")
    }
}

/// A check over all files.
pub type Check = fn(&[File]) -> Vec<Violation>;

/// Every check by its name.
pub const CHECKS: &[(&str, Check)] = &[
    ("header", shape::header),
    ("file-length", shape::file_length),
    ("function-length", shape::function_length),
    ("banned-words", banned::words),
    ("bindings", banned::bindings),
    ("sql-gate", layers::sql_gate),
    ("transactions", layers::transactions),
    ("pure-core", layers::pure_core),
    ("core-dependencies", layers::core_dependencies),
    ("modules", layers::modules),
    ("policy-rules", rules::policy_rules),
    ("licence", texts::licence),
    ("machine-texts", texts::machine_texts),
];

/// Everything that is wrong in these files.
pub fn violations(files: &[File]) -> Vec<Violation> {
    CHECKS.iter().flat_map(|(_, check)| check(files)).collect()
}

/// The violations of one file of this name and text, as text, by one check.
#[cfg(test)]
fn found(check: Check, path: &str, text: &str) -> Vec<String> {
    let violations = check(&[File::new(path, text)]);
    violations.iter().map(Violation::to_string).collect()
}
