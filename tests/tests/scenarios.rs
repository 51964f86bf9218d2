//! The scenario files of `tests/scenarios`, each a test of its own on each database.
//!
//! `UPDATE_SCENARIOS=1` writes what comes out into the files instead of comparing it.

use std::process::ExitCode;
use std::sync::Arc;

use hookwright_tests::repo_root;
use hookwright_tests::scenario::{Dialect, Scenario, run};
use hookwright_tests::world::{TestHost, runtime};
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
    let home = runtime().block_on(TestHost::start());
    let trials = scenarios.into_iter().flat_map(|scenario| trials(scenario, &home)).collect();
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// The file by itself, and carried out on each database.
fn trials(scenario: Scenario, home: &Arc<TestHost>) -> Vec<Trial> {
    let scenario = Arc::new(scenario);
    let file = scenario.clone();
    let mut trials = vec![Trial::test(format!("reads::{}", scenario.name()), move || keeps_its_text(&file))];
    for dialect in Dialect::ALL {
        let (scenario, home) = (scenario.clone(), home.clone());
        let name = format!("{}::{}", dialect.name(), scenario.name());
        let carry_out = move || Ok(runtime().block_on(run(&scenario, &home, dialect))?);
        trials.push(Trial::test(name, carry_out));
    }
    trials
}

fn keeps_its_text(scenario: &Scenario) -> Result<(), Failed> {
    let text = std::fs::read_to_string(&scenario.path)?;
    if scenario.with(&[])? == text {
        Ok(())
    } else {
        Err("rewriting the file would change more than expectations".into())
    }
}
