//! `hookwright sync`: makes databases what metadata and plugins call for.

use super::schema::Repairing;
use super::{Context, Exit};
use crate::error::Result;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  hookwright sync --org acme-corp --dry-run
  hookwright sync --org acme-corp
  hookwright sync --org acme-corp --entity invoice --field status
  hookwright sync --org acme-corp --entity invoice --extras --allow-destructive
  hookwright sync --all --canary 5 --parallel 16

A repair is a change like any other: judged by the policy, planned, committed at once, kept in the history.
What others added to a table stays, unless --extras is given.

Of many organisations some go first (--canary), the others side by side; a second run does what the first left.

Exit status: 0 in step, 1 error, 3 work is left: planned (--dry-run), held, refused, or without a repair.")]
pub(crate) struct Arguments {
    #[command(flatten)]
    repairing: Repairing,
}

pub(crate) async fn run(arguments: Arguments, cx: Context) -> Result<Exit> {
    arguments.repairing.run("schema.sync", &cx).await
}
