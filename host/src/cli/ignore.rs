//! `hookwright ignore`: leaves findings of drift as they are.

use hookwright_core::ident::OrgName;

use super::{Context, Exit, org_name, print};
use crate::drift::Ignored;
use crate::error::Result;
use crate::host::Host;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  hookwright drift --org acme-corp                     each finding has an id
  hookwright ignore --org acme-corp f-3a1c9e07b2 --reason \"the reporting tool needs it\" --as ann
  hookwright ignore --org acme-corp --list
  hookwright ignore --org acme-corp f-3a1c9e07b2 --undo
  hookwright ignore --org acme-corp --gone --undo      of findings that are no more

What is ignored is no drift any more, and no repair touches it, as long as it stays what it is: once the database or
what is called for changes there, it is a new finding. The list says \"gone\" of what is no more; it is ignored again
if it comes back, until that is undone.")]
pub(crate) struct Arguments {
    /// The organisation
    #[arg(long, value_parser = org_name, value_name = "NAME")]
    org: OrgName,
    /// The finding, as "hookwright drift" names it
    #[arg(value_name = "FINDING", required_unless_present_any = ["list", "gone"])]
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
    /// All whose finding is no more
    #[arg(long, requires = "undo", conflicts_with_all = ["finding", "list"])]
    gone: bool,
}

pub(crate) async fn run(arguments: Arguments, cx: Context) -> Result<Exit> {
    let Arguments { org, finding, reason, actor, list: _, undo, gone } = arguments;
    let host = cx.host().await?;
    if gone {
        return ended(&host, &org, &cx).await;
    }
    let Some(finding) = finding else { return listed(&host, &org, &cx).await };
    if undo {
        host.heed(&org, &finding).await?;
        cx.out.talk(&format!("{} is ignored no more", print::clean(&finding)));
        return Ok(Exit::Done);
    }
    let ignored =
        host.ignore(&org, &finding, reason.as_deref().unwrap_or_default(), actor.as_deref()).await?;
    cx.out.one(&ignored, || format!("ignored {}: {}", ignored.finding, print::clean(&ignored.message)))?;
    Ok(Exit::Done)
}

async fn listed(host: &Host, org: &OrgName, cx: &Context) -> Result<Exit> {
    let mut ignored = host.ignored(org).await?;
    if !ignored.is_empty() {
        match host.drift(org).await {
            Ok(drift) => ignored = ignored.into_iter().map(|one| one.beside(&drift)).collect(),
            Err(error) => cx
                .out
                .talk(&format!("which of them are gone is not known: {}", print::clean(&error.to_string()))),
        }
    }
    cx.out.list(&ignored, ["finding", "now", "what", "why", "by", "since"], row)?;
    Ok(Exit::Done)
}

/// Ends those whose finding is no more.
async fn ended(host: &Host, org: &OrgName, cx: &Context) -> Result<Exit> {
    let drift = host.drift(org).await?;
    let all = host.ignored(org).await?.into_iter().map(|ignored| ignored.beside(&drift));
    let gone: Vec<_> = all.filter(|ignored| ignored.gone == Some(true)).collect();
    for Ignored { finding, .. } in &gone {
        host.heed(org, finding).await?;
        cx.out.talk(&format!("{finding} is ignored no more"));
    }
    if gone.is_empty() {
        cx.out.talk("nothing that is ignored is gone");
    }
    Ok(Exit::Done)
}

fn row(ignored: &Ignored) -> [String; 6] {
    let Ignored { finding, message, actor, reason, at, gone, .. } = ignored;
    let by = actor.as_deref().unwrap_or("-");
    let now = match gone {
        Some(true) => "gone",
        Some(false) => "there",
        None => "?",
    };
    let [what, why, by] = [message.as_str(), reason.as_str(), by].map(print::clean);
    [finding.clone(), now.to_owned(), what, why, by, at.clone()]
}
