//! `docs/VERDICTS.md`: how many cases there are of each source, and where we say other than the tool, with what was
//! measured. Compared by a test; `UPDATE_DOCS=1` writes it anew.

use hookwright_tests::repo_root;

use super::case::{Case, File};

const BEGIN: &str = "<!-- cases: written by a test, from the files of cases -->";
const END: &str = "<!-- end of the cases -->";

pub fn compare(files: &[(String, File)]) {
    let path = repo_root().join("docs/VERDICTS.md");
    let text = std::fs::read_to_string(&path).expect("docs/VERDICTS.md");
    let (head, rest) = text.split_once(BEGIN).expect("the mark before the cases");
    let (_, tail) = rest.split_once(END).expect("the mark after the cases");
    let wanted = format!("{head}{BEGIN}\n\n{}\n{END}{tail}", tables(files));
    if text != wanted && std::env::var_os("UPDATE_DOCS").is_some() {
        return std::fs::write(&path, wanted).expect("docs/VERDICTS.md is written");
    }
    assert!(text == wanted, "docs/VERDICTS.md is not current; write it anew: UPDATE_DOCS=1 cargo test");
}

fn tables(files: &[(String, File)]) -> String {
    let mut text = String::from("| source | cases | we say other |\n|---|---|---|\n");
    let (mut all, mut others) = (0, 0);
    for (_, file) in files {
        let (count, differ) = (file.cases.len(), file.cases.iter().filter(|c| c.differs.is_some()).count());
        text += &format!("| {} | {count} | {differ} |\n", file.source);
        (all, others) = (all + count, others + differ);
    }
    text += &format!("| **all** | **{all}** | **{others}** |\n\n");
    text += "| case | the tool | it says | we say | measured |\n|---|---|---|---|---|\n";
    let differing =
        files.iter().flat_map(|(_, file)| &file.cases).filter_map(|c| Some((c, c.differs.as_ref()?)));
    for (case, measured) in differing {
        let (name, from, theirs) = (&case.name, &case.from, &case.theirs);
        text += &format!("| {name} | {from} | {theirs} | {} | {measured} |\n", ours(case));
    }
    text
}

fn ours(case: &Case) -> String {
    let hazards: Vec<_> = case.hazards.iter().map(|h| h.as_str()).collect();
    match hazards.is_empty() {
        true => case.verdict.as_str().to_owned(),
        false => format!("{}: {}", case.verdict.as_str(), hazards.join(", ")),
    }
}
