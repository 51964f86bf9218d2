//! `hookwright ignore`: leaves findings of drift as they are.

use hookwright_core::ident::OrgName;

use super::{Context, Exit, org_name, print};
use crate::drift::Ignored;
use crate::error::Result;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  hookwright drift --org acme-corp                     each finding has an id
  hookwright ignore --org acme-corp f-3a1c9e07b2 --reason \"the reporting tool needs it\" --as ann
  hookwright ignore --org acme-corp --list
  hookwright ignore --org acme-corp f-3a1c9e07b2 --undo

What is ignored is no drift any more, and no repair touches it, as long as it stays what it is: once the database or
what is called for changes there, it is a new finding.")]
pub(crate) struct Arguments {
    /// The organisation
    #[arg(long, value_parser = org_name, value_name = "NAME")]
    org: OrgName,
    /// The finding, as "hookwright drift" names it
    #[arg(value_name = "FINDING", required_unless_present = "list")]
    finding: Option<String>,
    /// Why it is left as it is
    #[arg(long, value_name = "TEXT", required_unless_present_any = ["list", "undo"])]
    reason: Option<String>,
    /// Who decides so
    #[arg(long = "as", value_name = "ACTOR")]
    actor: Option<String>,
    /// List what is ignored
    #[arg(long, conflicts_with_all = ["finding", "reason", "undo"])]
    list: bool,
    /// Count it as drift again
    #[arg(long, conflicts_with = "reason")]
    undo: bool,
}

pub(crate) async fn run(arguments: Arguments, cx: Context) -> Result<Exit> {
    let Arguments { org, finding, reason, actor, list: _, undo } = arguments;
    let host = cx.host().await?;
    let Some(finding) = finding else {
        cx.out.list(&host.ignored(&org).await?, ["finding", "what", "why", "by", "since"], row)?;
        return Ok(Exit::Done);
    };
    if undo {
        host.heed(&org, &finding).await?;
        cx.out.talk(&format!("{} counts as drift again", print::clean(&finding)));
        return Ok(Exit::Done);
    }
    let ignored =
        host.ignore(&org, &finding, reason.as_deref().unwrap_or_default(), actor.as_deref()).await?;
    cx.out.one(&ignored, || format!("ignored {}: {}", ignored.finding, print::clean(&ignored.message)))?;
    Ok(Exit::Done)
}

fn row(ignored: &Ignored) -> [String; 5] {
    let Ignored { finding, message, actor, reason, at, .. } = ignored;
    let by = actor.as_deref().unwrap_or("-");
    [finding.clone(), print::clean(message), print::clean(reason), print::clean(by), at.clone()]
}
