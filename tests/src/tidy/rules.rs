//! The policy's rules: each in the one list, each with both kinds of case.

use super::source::{close_of, places};
use super::{File, Violation};

const RULES: &str = "host/core/src/policy/rules/";
/// How a rule's tests show what it lets through and what it stops (or, if it is an advice, what it tells).
const CASES: [&[&str]; 2] = [&["accepts(", "silent("], &["rejects(", "advises("]];

/// A rule that is not listed is never asked; one without cases is never tried.
pub(super) fn policy_rules(files: &[File]) -> Vec<Violation> {
    let list = files.iter().find(|file| file.path == format!("{RULES}mod.rs"));
    let list = list.map(|file| slice(&file.code)).unwrap_or_default();
    let is_rule = |file: &&File| file.is_rust() && file.is_in(RULES) && !file.path.ends_with("/mod.rs");
    let mut all = Vec::new();
    for file in files.iter().filter(is_rule) {
        let stem = stem(&file.path);
        if !names(&list, stem) {
            let instead = format!("add it to RULES in {RULES}mod.rs");
            all.push(Violation::new(file, 1, format!("the rule \"{stem}\" is in no list"), instead));
        }
        let has = |case: &&str| places(&file.code, case).next().is_some();
        for case in CASES.iter().filter(|either| !either.iter().any(has)) {
            let banned = format!("the rule \"{stem}\" has no case with \"{}…)\"", case.join("…)\" or \""));
            all.push(Violation::new(file, 1, banned, "add a test that shows it"));
        }
    }
    all
}

fn stem(path: &str) -> &str {
    let name = path.strip_prefix(RULES).unwrap_or(path);
    name.strip_suffix(".rs").unwrap_or(name)
}

/// The text of the `RULES` slice.
fn slice(code: &str) -> String {
    let start = places(code, "RULES").next().unwrap_or(code.len());
    let Some(value) = code[start..].find('=').map(|at| start + at) else {
        return String::new();
    };
    let Some(open) = code[value..].find('[').map(|at| value + at) else {
        return String::new();
    };
    code[open..close_of(code, open)].to_owned()
}

/// Whether the list has the module `drop_column` or the type `DropColumn`.
fn names(list: &str, stem: &str) -> bool {
    let kind: String = stem.split('_').map(capitalised).collect();
    places(list, stem).next().is_some() || places(list, &kind).next().is_some()
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    let first = letters.next().map(|c| c.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str =
        "mod drop_column; mod drop_table;\npub const RULES: &[&dyn Rule] = &[&drop_table::X, &DropIndex];";
    const CASED: &str = "#[test] fn a() { accepts(1); rejects(2); }";

    fn check(name: &str, text: &str) -> usize {
        let path = format!("{RULES}{name}.rs");
        policy_rules(&[File::new(&format!("{RULES}mod.rs"), LIST), File::new(&path, text)]).len()
    }

    #[test]
    fn listed_rules_with_cases_are_fine() {
        assert_eq!(check("drop_table", CASED), 0);
        assert_eq!(check("drop_index", CASED), 0);
    }

    #[test]
    fn an_unlisted_rule_is_found() {
        assert_eq!(check("drop_column", CASED), 1);
    }

    #[test]
    fn a_rule_without_cases_is_found() {
        assert_eq!(check("drop_table", "accepts(1)"), 1);
        assert_eq!(check("drop_table", "// accepts( rejects("), 2);
    }
}
