//! Words that do not stand in the sources, or only in named places.

use super::source::lines_with;
use super::{File, Violation};

/// Not outside test code.
const NOT_IN_PRODUCTION: &[(&str, &str)] = &[
    (".unwrap()", "return an error, or \"expect\" with the reason it cannot fail"),
    ("todo!", "write it, or leave it out and say so in the documentation"),
    ("unimplemented!", "write it, or leave it out and say so in the documentation"),
    ("dbg!", "log with \"tracing\", or take it out"),
];

/// Nowhere.
const NOWHERE: &[(&str, &str)] = &[("#[ignore", "make the test pass, or delete it")];

/// The macros that generate bindings, the one file name for them, and how many files there may be:
/// the host's and the SDK's, and that of the benchmarks.
const GENERATORS: [&str; 2] = ["bindgen!", "generate!"];
const BINDINGS: &str = "bindings.rs";
const BINDINGS_FILES: usize = 3;

/// No unfinished or careless code.
pub(super) fn words(files: &[File]) -> Vec<Violation> {
    let mut all = Vec::new();
    for file in files {
        for (word, instead) in NOT_IN_PRODUCTION {
            let lines = lines_with(&file.code, word).into_iter();
            let lines = lines.filter(|&line| !file.is_test(line));
            all.extend(lines.map(|line| Violation::new(file, line, quoted(word), *instead)));
        }
        for (word, instead) in NOWHERE {
            let lines = lines_with(&file.code, word).into_iter();
            all.extend(lines.map(|line| Violation::new(file, line, quoted(word), *instead)));
        }
    }
    all
}

/// Generated bindings are in files of that name alone, one for each side of the contract and one for
/// the host that the benchmarks compare ours with.
pub(super) fn bindings(files: &[File]) -> Vec<Violation> {
    let mut all = Vec::new();
    let mut homes = 0;
    for file in files {
        let uses = GENERATORS.iter().flat_map(|word| lines_with(&file.code, word));
        let Some(line) = uses.min() else { continue };
        homes += 1;
        if file.path.rsplit('/').next() != Some(BINDINGS) {
            let instead = format!("generate bindings in \"{BINDINGS}\", which holds nothing else");
            all.push(Violation::new(file, line, "generated bindings", instead));
        } else if homes > BINDINGS_FILES {
            let instead = "use the host's or the SDK's bindings";
            all.push(Violation::new(file, line, "one more file of generated bindings", instead));
        }
    }
    all
}

fn quoted(word: &str) -> String {
    format!("\"{word}\"")
}

#[cfg(test)]
mod tests {
    use super::super::found;
    use super::*;

    #[test]
    fn careless_code_is_found_outside_tests() {
        for code in ["a.unwrap()", "todo!()", "unimplemented!()", "dbg!(a)"] {
            let text = format!("//! x.\nfn f() {{\n{code}\n}}\n");
            let found_here = found(words, "host/src/a.rs", &text);
            assert!(found_here[0].starts_with("host/src/a.rs:3: \""), "{code}");
            assert_eq!(found(words, "tests/src/a.rs", &text), [""; 0]);
            let hidden = format!("// {code}\nfn f() {{ g(\"{code}\") }}\n#[cfg(test)]\nmod t {{ {code} }}");
            assert_eq!(found(words, "host/src/a.rs", &hidden), [""; 0]);
        }
    }

    #[test]
    fn an_ignored_test_is_found_everywhere() {
        let text = "#[test]\n#[ignore = \"slow\"]\nfn f() {}\n";
        assert!(found(words, "tests/src/a.rs", text)[0].starts_with("tests/src/a.rs:2:"));
    }

    #[test]
    fn bindings_elsewhere_are_found() {
        let text = "wasmtime::component::bindgen!({});";
        assert_eq!(found(bindings, "host/src/sandbox/bindings.rs", text), [""; 0]);
        assert_eq!(found(bindings, "host/src/sandbox/engine.rs", text).len(), 1);
        assert_eq!(found(bindings, "sdk/rust/src/lib.rs", "wit_bindgen::generate!({});").len(), 1);
    }

    #[test]
    fn one_more_file_of_bindings_is_found() {
        let files = ["a", "b", "c", "d"].map(|dir| File::new(&format!("{dir}/bindings.rs"), "bindgen!();"));
        assert_eq!(bindings(&files[..BINDINGS_FILES]), []);
        assert_eq!(bindings(&files)[0].path, "d/bindings.rs");
    }
}
