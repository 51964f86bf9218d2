//! Plans as the executor runs them: each step by itself, the change's transaction, the timeouts that it sets.
//!
//! The words around the statements are those of `host/src/executor/`; the bookkeeping between them is left out.

use hookwright_core::ddl::Statement;
use hookwright_core::online::{OnlineStep, Run};
use hookwright_core::plan::Plan;
use hookwright_tests::plans::{Case, apply, org, planned};

use super::check::Script;

/// Everything that carrying out a plan can bring about.
pub(super) fn of(name: &str, plan: &Plan) -> Vec<Script> {
    let mut scripts: Vec<_> =
        plan.prepare.iter().chain(&plan.finish).flat_map(|step| of_step(name, step)).collect();
    let transaction: Vec<_> = plan.statements().collect();
    if !transaction.is_empty() {
        scripts.push(script(format!("{name}, its transaction"), within("500", "30000", &transaction)));
    }
    scripts
}

/// The plans of a case in which all tables are large, without those that are refused.
pub(super) fn of_case(case: &Case) -> Vec<Script> {
    let mut schema = case.before();
    let mut scripts = Vec::new();
    for change in &case.changes {
        let model = apply(&schema, change, case.burying);
        let plan = planned(&model, true);
        if plan.obstacles.is_empty() {
            scripts.extend(of(&case.name, &plan));
        }
        schema = model.schema().clone();
    }
    scripts
}

fn of_step(name: &str, step: &OnlineStep) -> Vec<Script> {
    let run = |script_of: String| script(format!("{name}, {}", step.title()), script_of);
    let mut scripts = match step.run(&org()) {
        Run::Short(statements) => vec![run(within("500", "30000", &statements.iter().collect::<Vec<_>>()))],
        Run::Long(statement) => vec![run(within("0", "0", &[&statement]))],
        Run::Outside(statement) => vec![run(alone(&statement))],
        Run::Index { run: build, clean, .. } => vec![run(alone(&build)), run(alone(&clean))],
        Run::Batches(batches) => vec![run(within("500", "30000", &[&batches.statement(0, 64)]))],
    };
    let index = matches!(step.run(&org()), Run::Index { .. });
    let undo = step.undo(&org());
    let undo = undo.iter().map(|s| if index { alone(s) } else { within("500", "30000", &[s]) });
    scripts.extend(undo.map(|sql| script(format!("{name}, {} taken back", step.title()), sql)));
    scripts
}

fn within(lock_timeout: &str, statement_timeout: &str, statements: &[&Statement]) -> String {
    let all: String = statements.iter().map(|s| format!("{};\n", s.sql())).collect();
    format!(
        "BEGIN ISOLATION LEVEL READ COMMITTED;\nSET LOCAL search_path = '';\nSET LOCAL lock_timeout = {lock_timeout};\n\
         SET LOCAL statement_timeout = {statement_timeout};\n{all}COMMIT;\n"
    )
}

/// Outside a transaction.
fn alone(statement: &Statement) -> String {
    format!(
        "SET lock_timeout = 0;\nSET statement_timeout = 0;\nSET search_path = '';\n{};\n",
        statement.sql()
    )
}

fn script(name: String, sql: String) -> Script {
    Script { name, sql, lint: true }
}
