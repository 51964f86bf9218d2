//! `hookwright rollback`: undoes a change that was made, by a new one.

use serde_json::json;

use super::ask::{self, Asking};
use super::{Context, Exit};
use crate::error::Result;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  hookwright rollback CHANGE --org acme-corp --dry-run    (ids: hookwright history --org acme-corp)
  hookwright rollback CHANGE --org acme-corp --allow-destructive

Schema and metadata become what they were before the change. The rollback is a change like any other:
dropping a column that the change added destroys data, and leaves a tombstone. It is refused if something
that the change touched was changed since, or if nothing undoes one of its intents; then nothing is done.

Exit status: 0 done, 1 error, 3 held or refused.")]
pub(crate) struct Arguments {
    #[command(flatten)]
    asking: Asking,
    /// The change's id
    #[arg(value_name = "CHANGE")]
    change: String,
}

pub(crate) async fn run(arguments: Arguments, cx: Context) -> Result<Exit> {
    let Arguments { asking, change } = arguments;
    let host = cx.host().await?;
    ask::send(&host, &cx, &asking, json!({"type": "change.rollback", "change": change})).await
}
