//! The repository's files, with what the checks want to know of a Rust file.

use std::path::Path;
use std::process::Command;

use super::mask::{Keep, mask};

/// A text file of the repository.
#[derive(Clone, Debug)]
pub struct File {
    /// From the repository's root, with `/`.
    pub path: String,
    /// All of it.
    pub text: String,
    /// Rust without comments and insides of literals; empty for other files.
    pub code: String,
    /// Rust without comments; empty for other files.
    pub bare: String,
    /// For each line of Rust whether it is test code.
    tests: Vec<bool>,
}

impl File {
    /// A file of this path and text.
    pub fn new(path: &str, text: &str) -> Self {
        let rust = path.ends_with(".rs");
        let code = if rust { mask(text, Keep::Code) } else { String::new() };
        let bare = if rust { mask(text, Keep::CodeAndStrings) } else { String::new() };
        let tests = test_lines(path, &code);
        Self { path: path.to_owned(), text: text.to_owned(), code, bare, tests }
    }

    /// Whether it is Rust.
    pub fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    /// Whether it lies in this directory or is this file.
    pub fn is_in(&self, place: &str) -> bool {
        let rest = self.path.strip_prefix(place);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/') || place.ends_with('/'))
    }

    /// Whether a line, from 1, is test code.
    pub fn is_test(&self, line: usize) -> bool {
        self.tests.get(line.wrapping_sub(1)).copied().unwrap_or(false)
    }
}

/// The files git has or would take, without deleted and binary ones.
///
/// # Panics
/// If git does not answer.
pub fn tracked_files(root: &Path) -> Vec<File> {
    let output = Command::new("git")
        // the clone may belong to another user than the one who tests
        .args(["-c", "safe.directory=*", "ls-files", "-z"])
        .args(["--cached", "--others", "--exclude-standard"])
        .current_dir(root)
        .output()
        .expect("git is installed");
    assert!(output.status.success(), "\"git ls-files\" fails: run the tests in a clone");
    let listing = String::from_utf8_lossy(&output.stdout).into_owned();
    let paths = listing.split('\0').filter(|path| !path.is_empty());
    paths.filter_map(|path| Some(File::new(path, &std::fs::read_to_string(root.join(path)).ok()?))).collect()
}

/// The lines, from 1, on which `needle` stands in `text`. Where the needle begins or ends
/// with a word character, the word must begin or end there too.
pub(super) fn lines_with(text: &str, needle: &str) -> Vec<usize> {
    let mut lines: Vec<_> = places(text, needle).map(|at| line_of(text, at)).collect();
    lines.dedup();
    lines
}

/// The byte offsets at which `needle` stands in `text`; words as in [`lines_with`].
pub(super) fn places<'a>(text: &'a str, needle: &'a str) -> impl Iterator<Item = usize> + 'a {
    let word = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    let (starts, ends) = (word(needle.chars().next()), word(needle.chars().next_back()));
    text.match_indices(needle).map(|(at, _)| at).filter(move |&at| {
        let before = word(text[..at].chars().next_back());
        let after = word(text[at + needle.len()..].chars().next());
        !(starts && before || ends && after)
    })
}

/// The line, from 1, of a byte offset.
pub(super) fn line_of(text: &str, at: usize) -> usize {
    text[..at].matches('\n').count() + 1
}

/// The offset just past the bracket that closes the one at `open`; the end if none does.
pub(super) fn close_of(code: &str, open: usize) -> usize {
    let mut depth = 0_usize;
    for (at, c) in code[open..].char_indices() {
        match c {
            '{' | '(' | '[' => depth += 1,
            '}' | ')' | ']' => depth = depth.saturating_sub(1),
            _ => continue,
        }
        if depth == 0 {
            return open + at + 1;
        }
    }
    code.len()
}

fn test_lines(path: &str, code: &str) -> Vec<bool> {
    let mut lines = vec![is_test_path(path); code.lines().count()];
    for at in places(code, "#[cfg(") {
        let attribute = close_of(code, at + 1);
        let condition = &code[at..attribute];
        if places(condition, "test").next().is_none() || condition.contains("not(test") {
            continue;
        }
        let (from, to) = (line_of(code, at), line_of(code, item_end(code, attribute)));
        lines[from - 1..to.min(code.lines().count())].fill(true);
    }
    lines
}

fn is_test_path(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let directories = ["tests", "benches", "examples"];
    name == "tests.rs"
        || name.ends_with("_tests.rs")
        || path.split('/').any(|part| directories.contains(&part))
}

/// The end of the item that begins at `from`: its block, or its semicolon.
fn item_end(code: &str, from: usize) -> usize {
    match code[from..].find(['{', ';']).map(|at| from + at) {
        Some(at) if code[at..].starts_with('{') => close_of(code, at) - 1,
        Some(at) => at,
        None => from,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_whole() {
        assert_eq!(lines_with("asynchronous\nasync fn\n", "async"), [2]);
        assert_eq!(lines_with("a.unwrap_or()\na.unwrap()", ".unwrap()"), [2]);
        assert_eq!(lines_with("std::fs_x\nstd::fs::x std::fs", "std::fs"), [2]);
    }

    #[test]
    fn test_modules_are_test_code_and_nothing_after_them() {
        let text =
            "fn a() {}\n#[cfg(test)]\nmod tests {\n fn b() {}\n}\nfn c() {}\n#[cfg(not(test))]\nfn d() {}\n";
        let file = File::new("host/src/x.rs", text);
        let tests: Vec<_> = (1..=8).filter(|&line| file.is_test(line)).collect();
        assert_eq!(tests, [2, 3, 4, 5]);
    }

    #[test]
    fn test_directories_are_test_code() {
        for path in ["tests/src/x.rs", "host/tests/x.rs", "host/examples/x.rs", "host/src/x/tests.rs"] {
            assert!(File::new(path, "fn a() {}").is_test(1), "{path}");
        }
        assert!(!File::new("host/src/contests.rs", "fn a() {}").is_test(1));
    }

    #[test]
    fn places_are_directories_or_files() {
        let file = File::new("host/src/db/gate.rs", "");
        assert!(file.is_in("host/src/db") && file.is_in("host/src/db/") && file.is_in("host/src/db/gate.rs"));
        assert!(!file.is_in("host/src/d"));
    }
}
