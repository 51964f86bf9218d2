//! `hookwright policy`: which rules there are, what each says, and whether a policy file is valid.
//!
//! Reads the configuration and the policy file; no organisation's database is asked.

use std::path::PathBuf;

use hookwright_core::ident::OrgName;
use hookwright_core::policy::rules::{RULES, rule};
use hookwright_core::policy::{
    Hazard, Mode, Policy, Rule, Settings, Severity, Verdict, schema, unknown_rule,
};
use serde::Serialize;

use super::{Context, Exit, org_name, print};
use crate::config::read_policy;
use crate::error::{Error, Result};

/// Where a page of text ends, so that it is read without moving the head.
const WIDTH: usize = 92;

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// List the rules, with how severe each is
    #[command(after_help = "\
Examples:
  hookwright policy list
  hookwright policy list --org acme-corp --json")]
    List(For),
    /// Explain a rule: what it looks at, why, what to do instead, and how far it can be set
    #[command(after_help = "\
Examples:
  hookwright policy explain policy/drop-column
  hookwright policy explain set-not-null --org acme-corp")]
    Explain {
        /// The rule's code, such as policy/drop-column
        #[arg(value_name = "CODE")]
        code: String,
        #[command(flatten)]
        of: For,
    },
    /// Check a policy file, and show what it sets for each pattern of organisations
    Check {
        /// The file
        file: PathBuf,
    },
    /// Print the JSON Schema of a policy file
    Schema,
}

/// Whose settings are meant.
#[derive(Debug, clap::Args)]
pub(crate) struct For {
    /// As it is for this organisation; else for those that no pattern of the policy matches
    #[arg(long, value_parser = org_name, value_name = "NAME")]
    org: Option<OrgName>,
    /// As it would be in this mode
    #[arg(long, value_name = "MODE")]
    mode: Option<ModeName>,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum ModeName {
    Dev,
    Prod,
}

impl For {
    fn settings(&self, policy: &Policy) -> Settings {
        let settings = self.org.as_ref().map_or_else(|| policy.defaults(), |org| policy.of_org(org));
        let mode = self.mode.map(|mode| match mode {
            ModeName::Dev => Mode::Dev,
            ModeName::Prod => Mode::Prod,
        });
        Settings { mode: mode.unwrap_or(settings.mode), ..settings }
    }
}

/// A rule, as programs read it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Told {
    code: &'static str,
    title: &'static str,
    what: &'static str,
    why: &'static str,
    instead: &'static str,
    verdicts: &'static [Verdict],
    hazards: &'static [Hazard],
    /// The mildest it can be set to.
    floor: Severity,
    /// What it is set to; absent if it judges by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    severity: Option<Severity>,
}

/// What a file sets for the organisations of a pattern.
#[derive(Serialize)]
struct Effective<'a> {
    /// Absent for those that no pattern matches.
    #[serde(skip_serializing_if = "Option::is_none")]
    pattern: Option<&'a str>,
    settings: Settings,
}

pub(crate) async fn run(command: Command, cx: Context) -> Result<Exit> {
    match command {
        Command::List(of) => {
            let settings = of.settings(&cx.config.read_policy()?);
            let rules: Vec<_> = RULES.iter().map(|rule| told(rule, &settings)).collect();
            cx.out.list(&rules, ["rule", "about", "verdicts", "hazards", "severity"], row)?;
        }
        Command::Explain { code, of } => {
            let settings = of.settings(&cx.config.read_policy()?);
            let rule = rule(&code).ok_or_else(|| {
                Error::new("request/invalid", unknown_rule(&code)).help("list them: hookwright policy list")
            })?;
            cx.out.one(&told(rule, &settings), || page(&told(rule, &settings)))?;
        }
        Command::Check { file } => {
            let policy = read_policy(&file, None)?;
            for effective in effective(&policy) {
                cx.out.one(&effective, || shown(&effective))?;
            }
            cx.out.talk(&format!("\"{}\" is valid", file.display()));
        }
        Command::Schema => cx.out.text(&print::pretty(&schema())?)?,
    }
    Ok(Exit::Done)
}

fn told(rule: &'static Rule, settings: &Settings) -> Told {
    Told {
        code: rule.code,
        title: rule.title,
        what: rule.what,
        why: rule.why,
        instead: rule.instead,
        verdicts: rule.verdicts,
        hazards: rule.hazards,
        floor: rule.floor_in(settings.mode),
        severity: settings.severity(rule),
    }
}

fn row(rule: &Told) -> [String; 5] {
    [
        rule.code.to_owned(),
        rule.title.to_owned(),
        verdicts(rule),
        hazards(rule),
        rule.severity.map_or("by itself", Severity::as_str).to_owned(),
    ]
}

fn verdicts(rule: &Told) -> String {
    rule.verdicts.iter().map(|v| v.as_str()).collect::<Vec<_>>().join(", ")
}

fn hazards(rule: &Told) -> String {
    match rule.hazards {
        [] => "-".to_owned(),
        hazards => hazards.iter().map(|h| h.as_str()).collect::<Vec<_>>().join(", "),
    }
}

/// The page on a rule.
fn page(rule: &Told) -> String {
    let allowed: Vec<_> =
        Severity::ALL.into_iter().filter(|s| *s >= rule.floor).map(Severity::as_str).collect();
    let severity = match rule.severity {
        Some(set) => format!("{}; it can be set to {}", set.as_str(), allowed.join(", ")),
        None => format!("it judges by itself; it can be set to {}", allowed.join(", ")),
    };
    let parts = [
        ("What it does", rule.what.to_owned()),
        ("Why this is bad", rule.why.to_owned()),
        ("Use instead", rule.instead.to_owned()),
        ("Verdicts", verdicts(rule)),
        ("Hazards", hazards(rule)),
        ("Severity", severity),
    ];
    let parts = parts.iter().map(|(heading, text)| format!("\n{heading}\n{}", wrapped(text)));
    format!("{}: {}\n{}", rule.code, rule.title, parts.collect::<Vec<_>>().join("\n"))
}

/// A text in lines of the page's width, indented.
fn wrapped(text: &str) -> String {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.is_empty() || line.len() + word.len() < WIDTH => {
                line.push_str(if line.is_empty() { "  " } else { " " });
                line.push_str(word);
            }
            _ => lines.push(format!("  {word}")),
        }
    }
    lines.join("\n")
}

fn effective(policy: &Policy) -> Vec<Effective<'_>> {
    let all = std::iter::once((None, policy.defaults()));
    let patterns = policy.patterns().map(|(pattern, settings)| (Some(pattern), settings));
    all.chain(patterns).map(|(pattern, settings)| Effective { pattern, settings }).collect()
}

/// The settings as a policy file would say them.
fn shown(effective: &Effective<'_>) -> String {
    let head = match effective.pattern {
        None => "# every organisation that no pattern matches".to_owned(),
        Some(pattern) => format!("# \"{pattern}\""),
    };
    let settings = toml::to_string(&effective.settings).unwrap_or_default();
    format!("{head}\n{settings}")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The documentation of the rules and the schema, as the files have them, and as they should be.
    const DOCUMENT: &str = include_str!("../../../docs/POLICY.md");
    const SCHEMA: &str = include_str!("../../../docs/policy.schema.json");
    const BEGIN: &str = "<!-- rules: written by a test, from the rules themselves -->\n";
    const END: &str = "<!-- end of the rules -->";

    fn docs(file: &str) -> PathBuf {
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs").join(file)
    }

    /// Compares a file with what it should be; `UPDATE_DOCS=1` writes it anew.
    fn current(file: &str, is: &str, should_be: &str) {
        if is != should_be && std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::write(docs(file), should_be).expect("written");
        } else {
            assert!(is == should_be, "docs/{file} is not current; write it anew: UPDATE_DOCS=1 cargo test");
        }
    }

    fn table() -> String {
        let settings = Settings::default();
        let line = |rule: &'static Rule| {
            let told = told(rule, &settings);
            let (verdicts, hazards) = (verdicts(&told), hazards(&told));
            let floor = rule.floor.as_str();
            let cell = |text: &str| text.replace('|', "\\|");
            format!(
                "| `{}` | {} {} *Instead:* {} | {verdicts} | {hazards} | {floor} |\n",
                rule.name(),
                cell(rule.what),
                cell(rule.why),
                cell(rule.instead)
            )
        };
        let head = "| rule | what it does, why, what instead | verdicts | hazards | floor |\n|---|---|---|---|---|\n";
        format!("{head}{}", RULES.iter().map(line).collect::<String>())
    }

    #[test]
    fn the_documentation_has_every_rule_as_it_is() {
        let (before, rest) = DOCUMENT.split_once(BEGIN).expect("the beginning of the rules");
        let (_, after) = rest.split_once(END).expect("the end of the rules");
        current("POLICY.md", DOCUMENT, &format!("{before}{BEGIN}\n{}\n{END}{after}", table()));
    }

    #[test]
    fn the_published_schema_is_current() {
        current("policy.schema.json", SCHEMA, &format!("{}\n", print::pretty(&schema()).expect("JSON")));
    }

    #[test]
    fn a_rule_is_explained_on_a_page() {
        let mut settings = Settings::of(Mode::Prod);
        settings.rules.insert("drop-index", Severity::Destructive);
        let page = |name: &str| page(&told(rule(name).expect("a rule"), &settings));
        insta::assert_snapshot!([page("drop-index"), page("policy/set-not-null")].join("\n---\n"));
    }

    #[test]
    fn settings_are_shown_as_a_file_would_say_them() {
        let file = "mode = \"prod\"\n[rules]\ndrop-index = \"destructive\"\n[orgs.\"acme-*\".tombstones]\nkeep-days = 7";
        let policy: Policy = toml::from_str(file).expect("a policy");
        let all: Vec<_> = effective(&policy).iter().map(shown).collect();
        insta::assert_snapshot!(all.join("\n"));
    }
}
