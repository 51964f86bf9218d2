//! The scenario files of `tests/scenarios`, each a test of its own.
//!
//! For now each file is only read: that it is a scenario, and that rewriting it would change nothing else.

use std::path::Path;
use std::process::ExitCode;

use hookwright_tests::repo_root;
use hookwright_tests::scenario::Scenario;
use libtest_mimic::{Arguments, Failed, Trial};

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let scenarios = match Scenario::load_all(&repo_root().join("tests/scenarios")) {
        Ok(scenarios) => scenarios,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    };
    let trials = scenarios.into_iter().map(reads).collect();
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn reads(scenario: Scenario) -> Trial {
    Trial::test(format!("reads::{}", scenario.name()), move || keeps_its_text(&scenario.path, &scenario))
}

fn keeps_its_text(path: &Path, scenario: &Scenario) -> Result<(), Failed> {
    let text = std::fs::read_to_string(path)?;
    if scenario.with(&[])? == text {
        Ok(())
    } else {
        Err("rewriting the file would change more than expectations".into())
    }
}
