//! Writing what came out into a scenario file, for `UPDATE_SCENARIOS=1`; all else stays as it is.

use std::path::Path;
use std::sync::Mutex;

use super::parse::lines;
use super::{Dialect, Error, Scenario, Section};

/// An expectation, with the lines it is to have. Those about events name them by their number
/// among the file's `events` sections, from 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expected {
    /// The statements of some events.
    Plan(usize, Dialect, Vec<String>),
    /// Status and code of each change of some events; of one database, if that has a section of its own.
    Outcome(usize, Option<Dialect>, Vec<String>),
    /// What the query at the end gives.
    Rows(Vec<String>),
}

impl Expected {
    /// The name of its section, and its place in the order of an events section's expectations.
    fn section(&self) -> (&'static str, usize) {
        match self {
            Self::Plan(_, Dialect::Postgres, _) => ("plan.postgres", 0),
            Self::Plan(_, Dialect::Sqlite, _) => ("plan.sqlite", 1),
            Self::Outcome(_, None, _) => ("outcome", 2),
            Self::Outcome(_, Some(Dialect::Postgres), _) => ("outcome.postgres", 3),
            Self::Outcome(_, Some(Dialect::Sqlite), _) => ("outcome.sqlite", 4),
            Self::Rows(_) => ("rows", 5),
        }
    }

    fn lines(&self) -> &[String] {
        match self {
            Self::Plan(_, _, lines) | Self::Outcome(_, _, lines) | Self::Rows(lines) => lines,
        }
    }
}

/// Whether the person who runs the tests wants files to be rewritten instead of compared.
pub fn update_requested() -> bool {
    std::env::var("UPDATE_SCENARIOS").is_ok_and(|value| value == "1")
}

/// Puts expectations into a file. It is read anew, since the other database's run may have written it.
///
/// # Errors
/// If the file is no scenario, has no such events or cannot be written.
pub fn update_file(path: &Path, expected: &[Expected]) -> Result<(), Error> {
    static ONE_WRITER: Mutex<()> = Mutex::new(());
    let _writing = ONE_WRITER.lock();
    let text = Scenario::load(path)?.with(expected)?;
    std::fs::write(path, text).map_err(|error| Error::new(path, 0, format!("cannot be written: {error}")))
}

impl Scenario {
    /// The file's text with these expectations in place of those it has, or added.
    ///
    /// # Errors
    /// If there are no such events, or no query for rows.
    pub fn with(&self, expected: &[Expected]) -> Result<String, Error> {
        let mut sections = self.sections.clone();
        for one in expected {
            self.put(&mut sections, one)?;
        }
        Ok(emit(&self.preamble, &sections))
    }

    fn put(&self, sections: &mut Vec<Section>, expected: &Expected) -> Result<(), Error> {
        let (name, order) = expected.section();
        let body = body(expected.lines());
        let Some(owner) = owner(sections, expected) else {
            let message = format!("there is nothing that \"{name}\" could be about");
            return Err(Error::new(&self.path, 0, message));
        };
        let mut place = owner + 1;
        for (at, section) in sections.iter_mut().enumerate().skip(owner + 1) {
            if is_events(&section.name) {
                break;
            }
            if section.name == name {
                section.body = keep_blank_end(&section.body, body);
                return Ok(());
            }
            if rank(&section.name).is_some_and(|rank| rank < order) {
                place = at + 1;
            }
        }
        let (line, name) = (0, name.to_owned());
        sections.insert(place, Section { line, name, body });
        Ok(())
    }
}

/// The section that an expectation is about.
fn owner(sections: &[Section], expected: &Expected) -> Option<usize> {
    let mut events = sections.iter().enumerate().filter(|(_, section)| is_events(&section.name));
    match expected {
        Expected::Plan(number, ..) | Expected::Outcome(number, ..) => events.nth(*number).map(|(at, _)| at),
        Expected::Rows(_) => sections.iter().position(|section| section.name == "rows.sql"),
    }
}

fn is_events(name: &str) -> bool {
    name == "events" || name.starts_with("events:")
}

fn rank(name: &str) -> Option<usize> {
    let ranks = ["plan.postgres", "plan.sqlite", "outcome", "outcome.postgres", "outcome.sqlite", "rows"];
    ranks.iter().position(|known| *known == name)
}

fn body(lines: &[String]) -> String {
    lines.iter().map(|line| format!("{line}\n")).collect()
}

/// A blank line before the next header belongs to the look of the file.
fn keep_blank_end(old: &str, new: String) -> String {
    if old.ends_with("\n\n") && !lines(&new).is_empty() { new + "\n" } else { new }
}

fn emit(preamble: &str, sections: &[Section]) -> String {
    let sections = sections.iter().map(|section| format!("-- {} --\n{}", section.name, section.body));
    std::iter::once(preamble.to_owned()).chain(sections).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# What.\n#  Why.\n\n-- events --\n{}\n-- outcome --\napplied\n\n\
         -- events: confirm --\n{}\n{}\n-- rows.sql --\nSELECT 1\n";

    fn scenario() -> Scenario {
        Scenario::parse(Path::new("x.txt"), TEXT).unwrap()
    }

    fn strings(lines: &[&str]) -> Vec<String> {
        lines.iter().map(|line| (*line).to_owned()).collect()
    }

    #[test]
    fn nothing_new_leaves_the_text_alone() {
        assert_eq!(scenario().with(&[]).unwrap(), TEXT);
    }

    #[test]
    fn expectations_are_replaced_and_added_in_order() {
        let text = scenario().with(&[
            Expected::Outcome(0, None, strings(&["held policy/x"])),
            Expected::Outcome(1, None, strings(&["applied", "applied"])),
            Expected::Plan(1, Dialect::Sqlite, strings(&["A", "B"])),
            Expected::Plan(1, Dialect::Postgres, strings(&["C"])),
            Expected::Rows(strings(&["1"])),
        ]);
        assert_eq!(
            text.unwrap(),
            "# What.\n#  Why.\n\n-- events --\n{}\n-- outcome --\nheld policy/x\n\n\
             -- events: confirm --\n{}\n{}\n-- plan.postgres --\nC\n-- plan.sqlite --\nA\nB\n\
             -- outcome --\napplied\napplied\n-- rows.sql --\nSELECT 1\n-- rows --\n1\n"
        );
    }

    #[test]
    fn an_expectation_out_of_order_is_replaced_where_it_stands() {
        let text = "# x\n-- events --\n{}\n-- outcome --\napplied\n-- plan.sqlite --\nA\n";
        let scenario = Scenario::parse(Path::new("x.txt"), text).unwrap();
        let plan = Expected::Plan(0, Dialect::Sqlite, strings(&["B"]));
        assert_eq!(scenario.with(&[plan]).unwrap(), text.replace("A\n", "B\n"));
    }

    #[test]
    fn expectations_of_nothing_are_errors() {
        let error = scenario().with(&[Expected::Outcome(2, None, Vec::new())]);
        assert!(error.unwrap_err().message.contains("\"outcome\""));
    }

    #[test]
    fn a_file_is_rewritten_in_place() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("x.txt");
        std::fs::write(&path, TEXT).unwrap();
        update_file(&path, &[Expected::Rows(strings(&["7"]))]).unwrap();
        let rows = Scenario::load(&path).unwrap().rows.unwrap();
        assert_eq!(rows.expected.unwrap(), ["7"]);
    }
}
