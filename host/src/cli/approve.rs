//! `hookwright approve`: lets a held change run.

use hookwright_core::ident::OrgName;

use super::{Context, Exit, org_name, print};
use crate::api::ApproveOptions;
use crate::error::Result;
use crate::outcome::Status;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  hookwright history --org acme-corp --held
  hookwright approve CHANGE --org acme-corp --as bob
  hookwright approve CHANGE --org acme-corp --as bob --allow-destructive

The change is worked out anew. If its plan is another than the one that was held, nothing runs:
the new plan is shown and waits to be approved.

Exit status: 0 applied, 1 error (decided on already, for one), 3 still held.")]
pub(crate) struct Arguments {
    /// The held change's id
    #[arg(value_name = "CHANGE")]
    change: String,
    /// The organisation
    #[arg(long, value_parser = org_name, value_name = "NAME")]
    org: OrgName,
    /// What destroys data may run too
    #[arg(long)]
    allow_destructive: bool,
    /// Who approves
    #[arg(long = "as", value_name = "ACTOR")]
    actor: Option<String>,
    /// Approve this plan alone; without it, the one that was last shown
    #[arg(long, value_name = "HASH")]
    plan: Option<String>,
}

pub(crate) async fn run(arguments: Arguments, cx: Context) -> Result<Exit> {
    let Arguments { change, org, allow_destructive, actor, plan } = arguments;
    let options = ApproveOptions { allow_destructive, plan_hash: plan, actor, until: None };
    let host = cx.host().await?;
    let mut outcome = host.approve(&org, &change, options).await?;
    if outcome.is_under_way() {
        outcome = super::resume::follow(&host, &cx, &org, &change).await?;
    }
    cx.out.one(&outcome, || print::outcome(&outcome, None))?;
    Ok(if outcome.status == Status::Applied { Exit::Done } else { Exit::Left })
}
