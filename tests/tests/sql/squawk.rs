//! The squawk linter finds nothing in what is run for a change of large tables.

use std::collections::BTreeMap;

use hookwright_tests::plans::cases;

use super::check::{Finding, Script, check};
use super::{scripts, unforeseen};

/// A rule that is left out, where it finds fault with something (everywhere if that is empty), and why.
struct LeftOut {
    rule: &'static str,
    at: &'static str,
    why: &'static str,
}

const fn left_out(rule: &'static str, at: &'static str, why: &'static str) -> LeftOut {
    LeftOut { rule, at, why }
}

/// "Measured" refers to docs/LOCKS.md, which the test `measured` keeps; "shown" to `beside_users` in this directory.
const LEFT_OUT: &[LeftOut] = &[
    left_out(
        "adding-field-with-default",
        "CURRENT_DATE",
        "measured: a default that is the time of the insert is stable, so no row is read or written",
    ),
    left_out(
        "adding-not-nullable-field",
        "SET NOT NULL",
        "measured: after a validated check no row is read; shown: on large tables no other is used. squawk does not see the check, \
         which an earlier step validates",
    ),
    left_out(
        "changing-column-type",
        "TYPE ",
        "measured: no row is read or written where values stay as they are stored; shown: on large tables no other change of a \
         type is made in place. squawk does not know the type before",
    ),
    left_out(
        "require-concurrent-index-deletion",
        "DROP INDEX",
        "measured: takes a moment; only where another index gets the name in the same change",
    ),
    left_out(
        "prefer-robust-stmts",
        "CREATE ",
        "measured: IF NOT EXISTS takes an invalid index for a good one; the executor asks the catalogue before it builds",
    ),
    left_out(
        "ban-drop-column",
        "DROP COLUMN",
        "measured: takes a moment; the policy asks, and what may lose values is kept first",
    ),
    left_out(
        "ban-drop-constraint",
        "DROP CONSTRAINT",
        "measured: takes a moment; the policy asks, or it stood in for NOT NULL",
    ),
    left_out("ban-drop-default", "DROP DEFAULT", "measured: takes a moment; it is what the change is for"),
    left_out("ban-drop-not-null", "DROP NOT NULL", "measured: takes a moment; the policy asks"),
    left_out(
        "ban-drop-table",
        "DROP TABLE",
        "measured: takes a moment; the policy asks, and the table was buried first unless that is switched off",
    ),
    left_out(
        "ban-drop-function",
        "DROP FUNCTION",
        "measured: locks no table; the function is Hookwright's own, made by a step",
    ),
    left_out(
        "renaming-column",
        "RENAME COLUMN",
        "measured: takes a moment; the policy asks, or it takes the place of another",
    ),
    left_out(
        "renaming-table",
        "RENAME TO",
        "measured: takes a moment; the policy asks, or the table is buried",
    ),
    left_out(
        "renaming-object",
        "RENAME ",
        "measured: takes a moment; programs do not use names of constraints and indexes",
    ),
    left_out(
        "prefer-bigint-over-int",
        "integer",
        "the type is the metadata's; measured: another type goes by a new column",
    ),
    left_out(
        "prefer-text-field",
        "varchar(",
        "the type is the metadata's; measured: a greater length takes a moment, a smaller one goes by a new column",
    ),
];

#[test]
fn plans_for_large_tables_have_nothing_in_them_that_squawk_warns_of() {
    let mut all: Vec<_> = cases().iter().filter(|case| !case.empty_only).flat_map(scripts::of_case).collect();
    all.extend(unforeseen().iter().flat_map(|made| scripts::of("made up", &made.plan)));
    all.sort_by(|a, b| a.sql.cmp(&b.sql));
    all.dedup_by(|a, b| a.sql == b.sql);
    let mut findings = check(&all);
    let covers = |out: &LeftOut, found: &Finding| out.rule == found.rule && found.at.starts_with(out.at);
    let idle = LEFT_OUT.iter().filter(|out| !findings.iter().any(|found| covers(out, found)));
    let idle: Vec<_> = idle.map(|out| (out.rule, out.why)).collect();
    findings.retain(|found| !LEFT_OUT.iter().any(|out| covers(out, found)));
    let mut by_rule: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for found in findings {
        let line = format!("{}: {}\n    {}", found.name, found.message, found.at);
        by_rule.entry(found.rule).or_default().push(line);
    }
    let told = by_rule.iter().map(|(rule, lines)| {
        let some = lines[..lines.len().min(4)].join("\n  ");
        format!("{rule}: {} times, such as\n  {some}\n", lines.len())
    });
    let told: String = told.collect();
    assert!(by_rule.is_empty(), "squawk warns:\n{told}");
    assert!(idle.is_empty(), "these find nothing any more, so they need not be left out: {idle:#?}");
    println!("squawk finds nothing in {} scripts", all.len());
}

#[test]
fn what_blocks_users_is_found() {
    let sql = "ALTER TABLE \"o\".\"t\" ADD CONSTRAINT \"c\" CHECK (\"a\" > 0);".to_owned();
    let found = check(&[Script { name: "a check".into(), sql, lint: true }]);
    assert!(found.iter().any(|f| f.rule == "constraint-missing-not-valid"), "{found:?}");
}
