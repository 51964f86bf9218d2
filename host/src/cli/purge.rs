//! `hookwright purge`: removes what was dropped for good.

use serde_json::json;

use super::ask::{self, Asking, Target, target};
use super::{Context, Exit};
use crate::error::Result;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  hookwright purge invoice.amount --org acme-corp --allow-destructive
  hookwright purge invoice --org acme-corp --kept hookwright_dropped_1_invoice --allow-destructive
  hookwright purge --expired --org acme-corp --allow-destructive

What is purged cannot come back. Without --allow-destructive the change is held until somebody approves it.
If several of the name are kept, all of them go; --kept takes one.

Exit status: 0 done, 1 error, 3 held or refused.")]
pub(crate) struct Arguments {
    #[command(flatten)]
    asking: Asking,
    /// What to remove: a dropped ENTITY, or a dropped ENTITY.FIELD
    #[arg(value_parser = target, value_name = "ENTITY[.FIELD]", required_unless_present = "expired")]
    target: Option<Target>,
    /// The name it has in the database meanwhile, as "hookwright restore --list" shows it
    #[arg(long, value_name = "NAME", requires = "target", conflicts_with = "expired")]
    kept: Option<String>,
    /// Everything that is kept past the time that the policy sets
    #[arg(long, conflicts_with = "target")]
    expired: bool,
}

pub(crate) async fn run(arguments: Arguments, cx: Context) -> Result<Exit> {
    let Arguments { asking, target, kept, expired: _ } = arguments;
    let host = cx.host().await?;
    if let Some(target) = target {
        return ask::send(&host, &cx, &asking, target.event("purge", kept.as_deref())).await;
    }
    if !host.tombstones(&asking.org).await?.iter().any(|t| t.expired) {
        cx.out.talk("nothing is kept past its time");
        return Ok(Exit::Done);
    }
    ask::send(&host, &cx, &asking, json!({"type": "tombstones.purge"})).await
}
