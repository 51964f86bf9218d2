//! `hookwright resume`: goes on with changes whose host is gone, and follows them to their end.

use hookwright_core::ident::OrgName;

use super::{Context, Exit, org_name, print};
use crate::error::Result;
use crate::host::Host;
use crate::outcome::{Outcome, Status};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  hookwright resume --org acme-corp

A change of a large table is made in steps. If the host that was at it is gone, any other goes on where it stopped.

Exit status: 0 nothing is left, 1 error, 3 a change was rolled back.")]
pub(crate) struct Arguments {
    /// The organisation
    #[arg(long, value_parser = org_name, value_name = "NAME")]
    org: OrgName,
}

pub(crate) async fn run(arguments: Arguments, cx: Context) -> Result<Exit> {
    let host = cx.host().await?;
    let ids = host.resume(&arguments.org).await?;
    let mut exit = Exit::Done;
    for id in &ids {
        let outcome = follow(&host, &cx, &arguments.org, id).await?;
        cx.out.one(&outcome, || print::outcome(&outcome, None))?;
        if outcome.status != Status::Applied {
            exit = Exit::Left;
        }
    }
    if ids.is_empty() {
        cx.out.talk("nothing is left to do");
    }
    Ok(exit)
}

/// Follows a change to its end, with its progress on stderr.
pub(crate) async fn follow(host: &Host, cx: &Context, org: &OrgName, id: &str) -> Result<Outcome> {
    let mut progress = print::Progress::new(cx.out);
    let outcome = host.follow(org, id, |outcome| progress.show(outcome)).await;
    progress.end();
    outcome
}
