//! `hookwright plan`: what would make databases what metadata and plugins call for.

use std::path::PathBuf;

use hookwright_core::event::Change;
use hookwright_core::ident::OrgName;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::fleet::Orgs;
use super::schema::{Asked, Leave, Part};
use super::{Context, Exit, print, schema};
use crate::error::{Error, Result};
use crate::outcome::Outcome;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  hookwright plan --org acme-corp
  hookwright plan --org acme-corp --sql
  hookwright plan --all --out plan.json        then: hookwright apply plan.json

Databases are only read. The plan shows each intent with its verdict, each statement with its locks and how long it
takes, and a hash; a plan in a file is applied only if it is the same then.

Exit status: 0 nothing to do, 1 error, 3 there is something to do.")]
pub(crate) struct Arguments {
    #[command(flatten)]
    orgs: Orgs,
    #[command(flatten)]
    part: Part,
    #[command(flatten)]
    leave: Leave,
    /// Only the statements
    #[arg(long, conflicts_with_all = ["json", "out"])]
    sql: bool,
    /// Write the plans to a file, for "hookwright apply"
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// One organisation's plan in a file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Plan {
    pub org: OrgName,
    /// The event that is to be sent.
    pub event: Json,
    pub plan_hash: String,
    /// What it was when it was made, for people.
    pub statements: Vec<String>,
}

pub(crate) async fn run(arguments: Arguments, cx: Context) -> Result<Exit> {
    let Arguments { orgs, part, leave, sql, out } = arguments;
    let host = cx.host().await?;
    let asked = Asked::new("schema.sync", &part, &leave, true);
    let plans = std::sync::Mutex::new(Vec::new());
    let exit = match orgs.single() {
        None => {
            let each = |org| {
                let (asked, host, cx, plans) = (&asked, &host, &cx, &plans);
                async move {
                    let done = asked.send(host, cx, &org).await?;
                    keep(plans, done.as_ref());
                    let mut step = schema::step(done);
                    let planned = step.report.is_some();
                    step.left = step.left.or_else(|| planned.then(work_is_left));
                    Ok(step)
                }
            };
            orgs.pace.each(orgs.members(&host).await?, &cx, each).await?
        }
        Some(org) => {
            let done = asked.send(&host, &cx, &org).await?;
            keep(&plans, done.as_ref());
            shown(&cx, &org, done, sql)?
        }
    };
    if let Some(path) = out {
        write(&path, &plans.into_inner().unwrap_or_default())?;
        cx.out.talk(&format!("written; apply it: hookwright apply {}", path.display()));
    }
    Ok(exit)
}

fn work_is_left() -> (String, String) {
    (
        "drift/planned".to_owned(),
        "there is something to do; see the plan of one: hookwright plan --org NAME".to_owned(),
    )
}

fn shown(cx: &Context, org: &OrgName, done: Option<(Change, Outcome)>, sql: bool) -> Result<Exit> {
    let Some((change, outcome)) = done else {
        let report = serde_json::json!({"org": org.as_str(), "status": "in-step"});
        if !sql {
            cx.out.one(&report, || format!("{org} is in step: there is nothing to do"))?;
        }
        return Ok(Exit::Done);
    };
    match sql {
        true => cx.out.text(&statements(&outcome).map(|s| format!("{s};")).collect::<Vec<_>>().join("\n"))?,
        false => cx.out.one(&outcome, || print::outcome(&outcome, Some(&change)))?,
    }
    Ok(Exit::Left)
}

/// All that would be sent, in order: steps of large tables before and after the transaction.
fn statements(outcome: &Outcome) -> impl Iterator<Item = &str> {
    outcome.statements.iter().map(|s| s.sql.as_str())
}

fn keep(plans: &std::sync::Mutex<Vec<Plan>>, done: Option<&(Change, Outcome)>) {
    let Some((change, outcome)) = done else { return };
    let (Ok(org), Some(event)) = (OrgName::parse(&outcome.org), change.events.first()) else { return };
    let plan = Plan {
        org,
        event: event.json.clone(),
        plan_hash: outcome.plan_hash.clone().unwrap_or_default(),
        statements: statements(outcome).map(str::to_owned).collect(),
    };
    plans.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(plan);
}

fn write(path: &std::path::Path, plans: &[Plan]) -> Result<()> {
    let text = print::pretty(&plans)?;
    std::fs::write(path, text + "\n").map_err(|e| {
        Error::new("request/invalid", format!("the file \"{}\" cannot be written: {e}", path.display()))
            .help("correct the path")
    })
}
