//! `hookwright reject`: decides against a held change, or one whose steps are being done.

use hookwright_core::ident::OrgName;

use super::{Context, Exit, org_name, print};
use crate::api::RejectOptions;
use crate::error::Result;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  hookwright reject CHANGE --org acme-corp --as bob --reason \"the column is still read\"

A rejected change can never be approved. If it is wanted after all, send it as a new event.
Of a change that is staged, the steps done so far are taken back, and nothing has changed.")]
pub(crate) struct Arguments {
    /// The id of the held or staged change
    #[arg(value_name = "CHANGE")]
    change: String,
    /// The organisation
    #[arg(long, value_parser = org_name, value_name = "NAME")]
    org: OrgName,
    /// Why; who sends the event again is told
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Who rejects
    #[arg(long = "as", value_name = "ACTOR")]
    actor: Option<String>,
}

pub(crate) async fn run(arguments: Arguments, cx: Context) -> Result<Exit> {
    let Arguments { change, org, reason, actor } = arguments;
    let host = cx.host().await?;
    let mut outcome = host.reject(&org, &change, RejectOptions { reason, actor }).await?;
    if outcome.is_under_way() {
        outcome = super::resume::follow(&host, &cx, &org, &change).await?;
    }
    cx.out.one(&outcome, || print::outcome(&outcome, None))?;
    Ok(Exit::Done)
}
