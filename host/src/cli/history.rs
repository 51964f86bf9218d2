//! `hookwright history`: the changes of an organisation, newest first.

use hookwright_core::ident::OrgName;

use super::{Context, Exit, org_name, print};
use crate::api::Page;
use crate::error::Result;
use crate::outcome::ChangeSummary;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  hookwright history --org acme-corp
  hookwright history --org acme-corp --before 1200 --limit 50 --json")]
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
}

pub(crate) async fn run(arguments: Arguments, cx: Context) -> Result<Exit> {
    let page = Page { before: arguments.before, limit: arguments.limit };
    let changes = cx.host().await?.changes(&arguments.org, page).await?;
    cx.out.list(&changes, ["revision", "change", "status", "what", "actor", "statements", "when"], row)?;
    Ok(Exit::Done)
}

fn row(change: &ChangeSummary) -> [String; 7] {
    let first = change.events.first().map(|e| format!("{} {}", e.kind, e.subject)).unwrap_or_default();
    let what = match change.events.len() {
        0 | 1 => first,
        count => format!("{first} and {} more", count - 1),
    };
    [
        change.revision.to_string(),
        print::clean(&change.change),
        change.status.as_str().to_owned(),
        print::clean(&what),
        print::clean(change.actor.as_deref().unwrap_or("-")),
        change.statements.to_string(),
        change.committed_at.clone(),
    ]
}
