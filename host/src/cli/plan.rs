//! `hookwright plan`: what would make databases what metadata and plugins call for.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use hookwright_core::event::Change;
use hookwright_core::ident::OrgName;

use super::fleet::Step;
use super::schema::What;
use super::{Context, Exit, print, schema};
use crate::error::{Error, Result};
use crate::outcome::{Outcome, Reason};
use crate::plans::{Plan, statements};

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
    what: What,
    /// Only the statements
    #[arg(long, conflicts_with_all = ["json", "out"])]
    sql: bool,
    /// Write the plans to a file, for "hookwright apply"
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

pub(crate) async fn run(arguments: Arguments, cx: Context) -> Result<Exit> {
    let Arguments { what, sql, out } = arguments;
    let host = cx.host().await?;
    let asked = what.asked("schema.sync", true);
    let Some(org) = what.orgs.single() else {
        let plans = Mutex::new(Vec::new());
        let each = |org| {
            let (asked, host, cx, plans) = (&asked, &host, &cx, &plans);
            async move { planned(plans, &org, asked.send(host, cx, &org).await?) }
        };
        let exit = what.orgs.pace.reading().each(what.orgs.members(&host).await?, &cx, each).await?;
        let plans = plans.into_inner().unwrap_or_else(PoisonError::into_inner);
        return kept(&cx, out, &plans).map(|()| exit);
    };
    let done = asked.send(&host, &cx, &org).await?;
    let plan = done.as_ref().and_then(|(change, outcome)| Plan::of(&org, change, outcome));
    let exit = shown(&cx, &org, done, sql)?;
    kept(&cx, out, plan.as_slice()).map(|()| exit)
}

/// One of many: its plan is kept, and what it comes to.
fn planned(
    plans: &Mutex<Vec<Plan>>,
    org: &OrgName,
    done: Option<(Change, Outcome)>,
) -> Result<Step<Option<Outcome>>> {
    let plan = done.as_ref().and_then(|(change, outcome)| Plan::of(org, change, outcome));
    plans.lock().unwrap_or_else(PoisonError::into_inner).extend(plan);
    Ok(schema::planned(schema::step(done)))
}

/// Writes the plans to a file, if one is wanted.
fn kept(cx: &Context, out: Option<PathBuf>, plans: &[Plan]) -> Result<()> {
    let Some(path) = out else { return Ok(()) };
    write(&path, plans)?;
    if plans.is_empty() {
        cx.out.talk(&format!("written to {} without a plan: there is nothing to do", path.display()));
        return Ok(());
    }
    cx.out.talk(&format!("written; apply it: hookwright apply {}", path.display()));
    Ok(())
}

fn shown(cx: &Context, org: &OrgName, done: Option<(Change, Outcome)>, sql: bool) -> Result<Exit> {
    let Some((change, outcome)) = done else {
        return if sql { Ok(Exit::Done) } else { schema::in_step(cx, org) };
    };
    match sql {
        true => {
            let lines = statements(&outcome).into_iter().map(|sql| format!("{sql};"));
            cx.out.text(&lines.collect::<Vec<_>>().join("\n"))?;
            for Reason { code, message, help } in &outcome.reasons {
                cx.out.talk(&print::clean(&format!("{code}: {message}; {help}")));
            }
        }
        false => cx.out.one(&outcome, || print::outcome(&outcome, Some(&change)))?,
    }
    Ok(Exit::Left)
}

fn write(path: &std::path::Path, plans: &[Plan]) -> Result<()> {
    let text = print::pretty(&plans)?;
    std::fs::write(path, text + "\n").map_err(|e| {
        Error::new("request/invalid", format!("the file \"{}\" cannot be written: {e}", path.display()))
            .help("correct the path")
    })
}
