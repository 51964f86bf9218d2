//! PostgreSQL's own parser takes every statement that the renderer writes.

use hookwright_core::ddl::StatementKind;
use hookwright_core::schema::Schema;
use hookwright_tests::plans::{apply, cases, every_statement, planned};
use hookwright_tests::repo_root;

use super::check::{Script, check};
use super::unforeseen;

#[test]
fn every_statement_parses() {
    let mut statements = Vec::new();
    for case in &cases() {
        let made = apply(&Schema::default(), &case.base, true);
        statements.extend(every_statement(&planned(&made, false)));
        let mut schema = case.before();
        for change in &case.changes {
            let model = apply(&schema, change, case.burying);
            for large in [false, true] {
                statements.extend(every_statement(&planned(&model, large)));
            }
            schema = model.schema().clone();
        }
    }
    statements.extend(unforeseen().iter().flat_map(|made| every_statement(&made.plan)));
    for statement in &statements {
        assert!(statement.kind().is_some(), "\"{}\" has no kind", statement.sql());
    }
    let kinds = StatementKind::ALL.iter().filter(|kind| !statements.iter().any(|s| s.kind() == Some(**kind)));
    assert_eq!(kinds.collect::<Vec<_>>(), Vec::<&StatementKind>::new(), "no case makes these");

    let mut sql: Vec<_> = statements.iter().map(|s| s.sql().to_owned()).collect();
    sql.extend(of_scenarios());
    sql.sort();
    sql.dedup();
    let scripts: Vec<_> =
        sql.into_iter().map(|sql| Script { name: String::new(), sql, lint: false }).collect();
    let found = check(&scripts);
    assert!(
        found.is_empty(),
        "PostgreSQL's parser refuses {} of {} statements: {found:#?}",
        found.len(),
        scripts.len()
    );
    println!("{} different statements parse", scripts.len());
}

/// What scenario files expect on PostgreSQL, one statement a line.
fn of_scenarios() -> Vec<String> {
    let files = std::fs::read_dir(repo_root().join("tests/scenarios")).unwrap();
    let mut statements = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
        let mut expected = false;
        for line in text.lines() {
            match line.strip_prefix("-- ").and_then(|rest| rest.strip_suffix(" --")) {
                Some(section) => expected = section == "plan.postgres",
                None if expected && !line.is_empty() => statements.push(line.to_owned()),
                None => {}
            }
        }
    }
    assert!(!statements.is_empty(), "no scenario expects a plan on PostgreSQL");
    statements
}

#[test]
fn what_is_no_sql_is_found() {
    let scripts = ["SELECT FROM WHERE", "SELECT 1"].map(|sql| Script {
        name: sql.into(),
        sql: sql.into(),
        lint: false,
    });
    let found = check(&scripts);
    let found: Vec<_> = found.iter().map(|f| (f.name.as_str(), f.rule.as_str())).collect();
    assert_eq!(found, [("SELECT FROM WHERE", "parser")]);
}
