//! The size of files and functions, and the comment on top of each file.

use super::source::{close_of, line_of, places};
use super::{File, Violation};

const FILE_LINES: usize = 400;
const FUNCTION_LINES: usize = 70;

/// Every Rust file begins by saying what it is.
pub(super) fn header(files: &[File]) -> Vec<Violation> {
    let bare = rust(files).filter(|file| !file.text.starts_with("//!"));
    let violation = |file| {
        Violation::new(file, 1, "a file without \"//!\" on top", "say what it is for and who may call it")
    };
    bare.map(violation).collect()
}

/// Every Rust file is short.
pub(super) fn file_length(files: &[File]) -> Vec<Violation> {
    let lengths = rust(files).map(|file| (file, file.text.lines().count()));
    let long = lengths.filter(|(_, lines)| *lines >= FILE_LINES);
    let violation = |(file, lines)| {
        let banned = format!("a file of {lines} lines");
        let instead = format!("split it by meaning: under {FILE_LINES} lines each");
        Violation::new(file, FILE_LINES, banned, instead)
    };
    long.map(violation).collect()
}

/// Every function is short.
pub(super) fn function_length(files: &[File]) -> Vec<Violation> {
    rust(files).flat_map(long_functions).collect()
}

fn long_functions(file: &File) -> Vec<Violation> {
    let functions = places(&file.code, "fn").filter_map(|at| function(&file.code, at));
    let long = functions.filter(|function| function.lines >= FUNCTION_LINES);
    let violation = |function: Function<'_>| {
        let banned = format!("the function \"{}\" of {} lines", function.name, function.lines);
        let instead = format!("name its parts and make them functions: under {FUNCTION_LINES} lines each");
        Violation::new(file, function.line, banned, instead)
    };
    long.map(violation).collect()
}

struct Function<'a> {
    name: &'a str,
    line: usize,
    lines: usize,
}

/// The function whose `fn` stands at `at`, if it is one with a body.
fn function(code: &str, at: usize) -> Option<Function<'_>> {
    let signature = code[at + 2..].strip_prefix(' ')?.trim_start();
    let end = signature.find(|c: char| !c.is_alphanumeric() && c != '_')?;
    let open = body(code, at + 2)?;
    let line = line_of(code, at);
    Some(Function {
        name: &signature[..end],
        line,
        lines: line_of(code, close_of(code, open) - 1) + 1 - line,
    })
}

/// The brace that opens the body, past parameters and array types with their own brackets.
fn body(code: &str, mut at: usize) -> Option<usize> {
    loop {
        at += code[at..].find(['{', ';', '(', '['])?;
        match code.as_bytes()[at] {
            b'{' => return Some(at),
            b';' => return None,
            _ => at = close_of(code, at),
        }
    }
}

fn rust(files: &[File]) -> impl Iterator<Item = &File> {
    files.iter().filter(|file| file.is_rust())
}

#[cfg(test)]
mod tests {
    use super::super::found;
    use super::*;

    #[test]
    fn a_file_without_a_header_is_found() {
        assert_eq!(found(header, "a.rs", "//! What.\n"), [""; 0]);
        let found = found(header, "a.rs", "// What.\n");
        assert!(found[0].starts_with("a.rs:1: a file without"), "{found:?}");
    }

    #[test]
    fn a_long_file_is_found() {
        assert_eq!(found(file_length, "a.rs", &"\n".repeat(399)), [""; 0]);
        assert_eq!(found(file_length, "a.md", &"\n".repeat(999)), [""; 0]);
        let found = found(file_length, "a.rs", &"\n".repeat(400));
        assert!(found[0].starts_with("a.rs:400: a file of 400 lines"), "{found:?}");
    }

    #[test]
    fn a_long_function_is_found() {
        let text = |lines: usize| {
            format!(
                "type F = fn(u8);\nfn declared();\nfn f<const N: usize>(a: [u8; 2]) -> u8 {{{}}}\n",
                "\n".repeat(lines - 1)
            )
        };
        assert_eq!(found(function_length, "a.rs", &text(69)), [""; 0]);
        let found = found(function_length, "a.rs", &text(70));
        assert!(found[0].starts_with("a.rs:3: the function \"f\" of 70 lines"), "{found:?}");
    }
}
