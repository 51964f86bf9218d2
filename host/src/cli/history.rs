//! `hookwright history`: the changes of an organisation, newest first; or those that are held.

use hookwright_core::ident::OrgName;

use super::{Context, Exit, org_name, print};
use crate::api::{HeldPart, Page};
use crate::error::Result;
use crate::outcome::ChangeSummary;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  hookwright history --org acme-corp
  hookwright history --org acme-corp --before 1200 --limit 50 --json
  hookwright history --org acme-corp --held

What is held waits until it is decided on, however old it is: hookwright approve, hookwright reject.
What is staged is under way, in steps beside the users of large tables: hookwright show, hookwright reject.")]
pub(crate) struct Arguments {
    /// The organisation
    #[arg(long, value_parser = org_name, value_name = "NAME")]
    org: OrgName,
    /// At most so many
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1000))]
    limit: u32,
    /// Only what is older than this revision
    #[arg(long, value_name = "REVISION")]
    before: Option<i64>,
    /// The changes that wait for a decision, and those that are under way
    #[arg(long, conflicts_with = "before")]
    held: bool,
    /// Of those that wait, only what was held before this change
    #[arg(long, value_name = "CHANGE", requires = "held")]
    before_change: Option<String>,
}

pub(crate) async fn run(arguments: Arguments, cx: Context) -> Result<Exit> {
    let Arguments { org, limit, before, held, before_change } = arguments;
    let host = cx.host().await?;
    if held {
        let changes = host.held(&org, HeldPart { before: before_change, limit }).await?;
        cx.out.list(
            &changes,
            ["change", "status", "verdict", "what", "actor", "statements", "age", "since"],
            held_row,
        )?;
    } else {
        let changes = host.changes(&org, Page { before, limit }).await?;
        cx.out.list(
            &changes,
            ["revision", "change", "status", "what", "actor", "statements", "when"],
            row,
        )?;
    }
    Ok(Exit::Done)
}

fn row(change: &ChangeSummary) -> [String; 7] {
    [
        change.revision.to_string(),
        print::clean(&change.change),
        status(change),
        what(change),
        actor(change),
        change.statements.to_string(),
        change.committed_at.clone().unwrap_or_default(),
    ]
}

fn held_row(change: &ChangeSummary) -> [String; 8] {
    let held = change.held.as_ref();
    [
        print::clean(&change.change),
        status(change),
        held.map(|h| h.verdict.clone()).unwrap_or_default(),
        what(change),
        actor(change),
        change.statements.to_string(),
        held.map(|h| print::age(h.seconds)).unwrap_or_default(),
        held.map(|h| h.since.clone()).unwrap_or_default(),
    ]
}

fn status(change: &ChangeSummary) -> String {
    match &change.rolled_back_by {
        Some(by) => format!("{}, rolled back by {}", change.status.as_str(), print::clean(by)),
        None => change.status.as_str().to_owned(),
    }
}

fn what(change: &ChangeSummary) -> String {
    if let Some(wrong) = &change.unreadable {
        return print::clean(&format!("unreadable: {wrong}"));
    }
    let first = change.events.first().map(|e| format!("{} {}", e.kind, e.subject)).unwrap_or_default();
    let all = match change.events.len() {
        0 | 1 => first,
        count => format!("{first} and {} more", count - 1),
    };
    print::clean(&all)
}

fn actor(change: &ChangeSummary) -> String {
    print::clean(change.actor.as_deref().unwrap_or("-"))
}
