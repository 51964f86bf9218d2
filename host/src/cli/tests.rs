//! The command line: that it is coherent, and how it reads.

use clap::{CommandFactory, Parser};
use hookwright_core::ddl::Extent;
use hookwright_core::event::Change;
use hookwright_core::hook::HookPoint;
use hookwright_core::ident::Ident;
use hookwright_core::intent::{DropColumn, DropNotNull, Intent};
use hookwright_core::policy::{Hazard, Verdict};

use super::{Cli, print};
use crate::error::Error;
use crate::outcome::{HookReport, IntentReport, Note, Outcome, Reason, StatementReport, Status, Warning};

#[test]
fn the_commands_are_coherent() {
    Cli::command().debug_assert();
}

#[test]
fn every_help_reads_well() {
    fn walk(command: &mut clap::Command, all: &mut String) {
        let help = command.render_help();
        all.push_str(&format!("=== {}\n{help}\n", command.get_name()));
        command.get_subcommands_mut().filter(|c| c.get_name() != "help").for_each(|c| walk(c, all));
    }
    let mut all = String::new();
    walk(&mut Cli::command().term_width(100), &mut all);
    insta::assert_snapshot!(all);
}

#[test]
fn wrong_usage_is_refused() {
    for line in [
        "history",
        "history --org Acme",
        "history --org acme --limit 0",
        "token create --name x --org acme",
        "token create --name x --org acme --scope everything",
        "event send --org acme",
        "restore --org acme",
        "restore invoice. --org acme",
        "restore --list invoice --org acme",
        "purge --org acme",
        "purge --expired --kept x --org acme",
        "rollback --org acme",
        "--color pink org list",
    ] {
        let words = std::iter::once("hookwright").chain(line.split(' '));
        assert!(Cli::try_parse_from(words).is_err(), "{line}");
    }
}

#[test]
fn a_file_without_plans_is_refused() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("plan.json");
    let event = r#"{"id":"e-1","type":"schema.sync"}"#;
    for (text, code) in
        [("[]", "plan/empty"), ("", "plan/invalid"), ("{}", "plan/invalid"), (event, "plan/invalid")]
    {
        std::fs::write(&file, text).expect("written");
        let error = super::apply::plans(&file).expect_err("no plan");
        assert_eq!(error.code, code, "{text}: {error}");
        assert!(error.help.contains("hookwright plan --org NAME"), "{}", error.help);
    }
}

#[test]
fn advice_names_the_organisation_of_the_command() {
    for (line, name) in [
        ("show --org acme c-1", Some("acme")),
        ("org update acme --database sqlite:x.db", Some("acme")),
        ("plugin list --org acme", Some("acme")),
        ("event send --org acme-* x.json", None),
        ("token create --name x --org acme --org other --scope admin", None),
        ("plugin check x.wasm", None),
        ("org list", None),
    ] {
        let words = std::iter::once("hookwright").chain(line.split(' '));
        let matches = Cli::command().try_get_matches_from(words).unwrap_or_else(|e| panic!("{line}: {e}"));
        let org = super::org_of(&matches);
        assert_eq!(org.as_ref().map(|org| org.as_str()), name, "{line}");
        let error = Error::new("change/not-found", "x");
        let error = match org {
            Some(org) => error.of_org(&org),
            None => error,
        };
        assert_eq!(
            error.help,
            format!("list the changes: hookwright history --org {}", name.unwrap_or("NAME"))
        );
    }
}

#[test]
fn the_commands_in_the_docs_are_taken() {
    for file in ["RESTORE.md", "CHANGES.md"] {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs").join(file);
        let text = std::fs::read_to_string(path).expect("read");
        let commands: Vec<_> = text.lines().filter(|l| l.starts_with("hookwright ")).collect();
        assert!(commands.len() > 3, "{file} shows no commands");
        for line in commands {
            let line = line.split(" #").next().unwrap_or(line).replace('"', "");
            let words = line.split_whitespace().filter(|w| !["it", "is", "still"].contains(w));
            assert!(Cli::try_parse_from(words).is_ok(), "{file}: {line}");
        }
    }
}

fn name(text: &str) -> Ident {
    Ident::parse(text).expect("a name")
}

fn hook(field: &str, intents: usize, amended: bool) -> HookReport {
    HookReport {
        plugin: if amended { "naming-guard" } else { "schema-sync" }.into(),
        digest: "0123456789abcdef".repeat(4),
        hook: if amended { HookPoint::FieldBefore } else { HookPoint::FieldAfter },
        event: "e-1".into(),
        entity: "invoice".into(),
        field: Some(field.into()),
        intents,
        amended,
        skipped: None,
        duration_us: 212,
    }
}

fn intent(intent: Intent, verdict: Verdict, rule: Option<&str>, hazards: Vec<Hazard>) -> IntentReport {
    let rule = rule.map(str::to_owned);
    let notes = match verdict {
        Verdict::Safe => vec![Note {
            code: "policy/drop-not-null".into(),
            message: "readers of \"invoice\".\"note\" may meet NULL".into(),
        }],
        _ => vec![],
    };
    IntentReport { plugin: "schema-sync".into(), intent, verdict, rule, hazards, notes }
}

fn sample(status: Status) -> (Outcome, Change) {
    let events = r#"[{"id":"e-1","type":"field.update","entity":"invoice","field":"note","changes":{"nullable":true}},
        {"id":"e-22","type":"field.delete","entity":"invoice","field":"status","dropColumn":true}]"#;
    let change = Change::parse(events.as_bytes()).expect("a change");
    let loosen = Intent::DropNotNull(DropNotNull { table: name("invoice"), column: name("note") });
    let drop = Intent::DropColumn(DropColumn { table: name("invoice"), column: name("status") });
    let done = status == Status::Applied;
    let sql = |text: &str| StatementReport {
        message: "ALTER TABLE".into(),
        table: None,
        fields: vec![],
        sql: text.into(),
        locks: vec![],
        extent: Extent::Nothing,
        estimate_ms: None,
    };
    let outcome = Outcome {
        change: Some("c-7".to_owned()),
        org: "acme".into(),
        status,
        events: vec!["e-1".into(), "e-22".into()],
        actor: Some("ann\u{1b}[31m".into()),
        revision: 7,
        committed_at: None,
        held_since: (!done).then(|| "2026-01-02T03:04:05.678Z".to_owned()),
        decision: None,
        rolled_back_by: None,
        plan_hash: Some("fedcba9876543210".repeat(4)),
        hooks: vec![hook("note", 0, true), hook("note", 1, false), hook("status", 1, false)],
        intents: vec![
            intent(loosen, Verdict::Safe, None, vec![]),
            intent(drop, Verdict::Destructive, Some("policy/drop-column"), vec![Hazard::DataLoss]),
        ],
        statements: vec![
            sql("ALTER TABLE \"acme\".\"invoice\" ALTER COLUMN \"note\" DROP NOT NULL"),
            sql("ALTER TABLE \"acme\".\"invoice\"\n  DROP COLUMN \"status\""),
        ],
        steps: vec![],
        adopted: Vec::new(),
        left: Vec::new(),
        warnings: if done { vec![] } else { vec![warning()] },
        reasons: if done { vec![] } else { vec![reason()] },
        attempts: 2,
        duration_us: 4_120,
    };
    (outcome, change)
}

fn reason() -> Reason {
    Reason {
        code: "policy/drop-column".into(),
        message: "the column \"status\" of \"invoice\" has 12 values, which would be gone".into(),
        help: "send the change with --allow-destructive".into(),
    }
}

fn warning() -> Warning {
    Warning {
        code: "db/busy-table".into(),
        message: "the change locks the table \"invoice\" (ACCESS EXCLUSIVE), and has to wait for session 7"
            .into(),
        help: "wait until it is done".into(),
        table: Some("invoice".into()),
        lock: Some("ACCESS EXCLUSIVE".into()),
        sessions: vec![],
    }
}

fn bare(text: &str) -> String {
    anstream::adapter::strip_str(text).to_string()
}

#[test]
fn an_outcome_is_readable_at_a_glance() {
    let (applied, change) = sample(Status::Applied);
    let (held, _) = sample(Status::Held);
    let all = [
        print::outcome(&applied, Some(&change)),
        print::outcome(&held, Some(&change)),
        print::outcome(&applied, None),
    ];
    insta::assert_snapshot!(bare(&all.join("\n")));
}

#[test]
fn many_outcomes_are_a_line_each() {
    let mut lines = Vec::new();
    for status in [Status::Applied, Status::Held] {
        let (outcome, change) = sample(status);
        lines.push(print::outcome_line(&outcome, &change));
    }
    let (_, change) = sample(Status::Applied);
    let error = Error::new("metadata/conflict", "the entity \"invoice\" exists already").at("/0/entity");
    lines.push(print::failure(&print::Failure::new(&error, Some(&change), 3, true)));
    let error = Error::new("event/invalid", "not valid JSON: expected value at line 1 column 1").at("");
    lines.push(print::failure(&print::Failure::new(&error, None, 4, false)));
    insta::assert_snapshot!(bare(&lines.join("\n")));
}

#[test]
fn errors_say_what_where_and_what_to_do() {
    let inner = std::io::Error::other("no pool for postgres://u:geheim@h/d");
    let error = Error::new("db/unreachable", "the database of \"acme\" does not answer").because(inner);
    let at = Error::new("event/invalid", "bad\u{1b}]0;title\u{7} name").at("/entity/name");
    insta::assert_snapshot!(bare(&format!("{}\n{}", print::render_error(&error), print::render_error(&at))));
}

#[test]
fn tables_are_plain() {
    let rows = [["acme".to_owned(), "sqlite:acme.db".to_owned()], ["a".to_owned(), "x".to_owned()]];
    insta::assert_snapshot!(print::table(["org", "database"], rows.into_iter()));
}

#[test]
fn commands_log_warnings_of_the_host_alone() {
    use tracing::Level;
    let targets: tracing_subscriber::filter::Targets = super::COMMAND_LOG.parse().expect("levels");
    assert!(targets.would_enable("hookwright::pipeline", &Level::WARN));
    assert!(!targets.would_enable("hookwright::executor::log", &Level::WARN));
    assert!(!targets.would_enable("sqlx::query", &Level::ERROR));
}
