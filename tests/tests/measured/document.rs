//! Keeps `docs/LOCKS.md` what was measured; `UPDATE_DOCS=1` writes it anew.

use hookwright_tests::repo_root;

const BEGIN: &str = "<!-- measured: written by a test, from what it found -->\n";
const END: &str = "<!-- end of what was measured -->";

/// Compares the table in the document with what was measured.
pub(super) fn compare(table: &str) {
    let path = repo_root().join("docs/LOCKS.md");
    let is = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = is.split_once(BEGIN).expect("the beginning of what was measured");
    let (_, after) = rest.split_once(END).expect("the end of what was measured");
    let should_be = format!("{before}{BEGIN}\n{table}\n{END}{after}");
    if is != should_be && std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, should_be).unwrap();
    } else {
        assert!(
            is == should_be,
            "docs/LOCKS.md is not what was measured; write it anew: UPDATE_DOCS=1 cargo test"
        );
    }
}
