//! `hookwright show`: a change with all that led to it, applied or held.

use hookwright_core::ident::OrgName;

use super::{Context, Exit, org_name, print};
use crate::error::Result;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  hookwright show --org acme-corp CHANGE    (ids: hookwright history --org acme-corp)")]
pub(crate) struct Arguments {
    /// The organisation
    #[arg(long, value_parser = org_name, value_name = "NAME")]
    org: OrgName,
    /// The change's id
    #[arg(value_name = "CHANGE")]
    change: String,
}

pub(crate) async fn run(arguments: Arguments, cx: Context) -> Result<Exit> {
    let outcome = cx.host().await?.change(&arguments.org, &arguments.change).await?;
    cx.out.one(&outcome, || print::outcome(&outcome, None))?;
    Ok(Exit::Done)
}
