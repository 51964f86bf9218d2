//! Reads scripts of SQL as JSON from standard input, has PostgreSQL's own parser and the squawk linter look at each,
//! and writes what they found as JSON. Run by the `sql` test of the repository.
//!
//! Input: `[{"name": "…", "sql": "…", "lint": true}]`. Output: `[{"name": "…", "rule": "…", "message": "…", "at": "…"}]`,
//! where `rule` is `parser` or the linter's name for a rule.

use std::io::{self, Read};
use std::process::ExitCode;

use serde::{Deserialize, Serialize};
use squawk_linter::{Linter, Rule};
use squawk_syntax::SourceFile;

/// Rules that squawk leaves out unless they are asked for, and that a plan for a large table has to keep.
const ASKED_FOR: [Rule; 2] = [Rule::RequireTableSchema, Rule::RequireTimeoutSettings];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Script {
    name: String,
    sql: String,
    lint: bool,
}

#[derive(Serialize)]
struct Finding<'a> {
    name: &'a str,
    rule: String,
    message: String,
    at: String,
}

fn main() -> ExitCode {
    match check() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("sqlcheck: {error}");
            ExitCode::FAILURE
        }
    }
}

fn check() -> io::Result<()> {
    let mut input = String::new();
    io::stdin().read_to_string(&mut input)?;
    let scripts: Vec<Script> = serde_json::from_str(&input)?;
    let findings: Vec<_> = scripts.iter().flat_map(|s| parsed(s).into_iter().chain(linted(s))).collect();
    serde_json::to_writer(io::stdout(), &findings)?;
    Ok(())
}

/// What PostgreSQL's parser says against it.
fn parsed(script: &Script) -> Option<Finding<'_>> {
    let error = pg_query::parse(&script.sql, 0).err()?;
    Some(Finding {
        name: &script.name,
        rule: "parser".into(),
        message: error.to_string(),
        at: script.sql.clone(),
    })
}

/// What the linter says against it, every rule on.
fn linted(script: &Script) -> Vec<Finding<'_>> {
    if !script.lint {
        return Vec::new();
    }
    let file = SourceFile::parse(&script.sql);
    let errors = file.errors().into_iter().map(|error| Finding {
        name: &script.name,
        rule: "squawk-parser".into(),
        message: error.message().to_owned(),
        at: script.sql.clone(),
    });
    let mut linter = Linter::with_default_rules();
    linter.rules.extend(ASKED_FOR.iter().flat_map(|rule| match rule.expands_to() {
        [] => vec![*rule],
        rules => rules.to_vec(),
    }));
    let violations = linter.lint(&file, &script.sql).into_iter().map(|violation| Finding {
        name: &script.name,
        rule: violation.code.to_string(),
        message: violation.message,
        at: script.sql[violation.text_range].to_owned(),
    });
    errors.chain(violations).collect()
}
