//! `hookwright restore`: brings back what was dropped, or lists what can come back.

use super::ask::{self, Asking, Target, target};
use super::{Context, Exit, print};
use crate::api::Tombstone;
use crate::error::Result;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  hookwright restore --list --org acme-corp
  hookwright restore invoice.amount --org acme-corp --dry-run
  hookwright restore invoice.amount --org acme-corp
  hookwright restore invoice --org acme-corp

What comes back has its rows or values, its constraints and indexes, and its metadata with their ids.
If several of the name are kept, the one dropped last comes back; --kept takes another.

Exit status: 0 done, 1 error, 3 held or refused.")]
pub(crate) struct Arguments {
    #[command(flatten)]
    asking: Asking,
    /// What to bring back: ENTITY, or ENTITY.FIELD
    #[arg(value_parser = target, value_name = "ENTITY[.FIELD]", required_unless_present = "list")]
    target: Option<Target>,
    /// The name it has in the database meanwhile, as the list shows it
    #[arg(long, value_name = "NAME", requires = "target", conflicts_with = "list")]
    kept: Option<String>,
    /// List what is dropped and kept, newest first
    #[arg(long, conflicts_with = "target")]
    list: bool,
}

pub(crate) async fn run(arguments: Arguments, cx: Context) -> Result<Exit> {
    let Arguments { asking, target, kept, list: _ } = arguments;
    let host = cx.host().await?;
    match target {
        Some(target) => ask::send(&host, &cx, &asking, target.event("restore", kept.as_deref())).await,
        None => {
            let all = host.tombstones(&asking.org).await?;
            cx.out.list(&all, ["what", "kept as", "rows", "dropped", "by", "change", "kept until"], row)?;
            Ok(Exit::Done)
        }
    }
}

fn row(tombstone: &Tombstone) -> [String; 7] {
    let known = |text: &Option<String>| print::clean(text.as_deref().unwrap_or("-"));
    let until = match (&tombstone.kept_until, tombstone.expired) {
        (Some(until), true) => format!("{until} (expired)"),
        (until, _) => known(until),
    };
    [
        tombstone.subject(),
        tombstone.kept.clone(),
        tombstone.rows.map_or_else(|| "-".to_owned(), |rows| format!("~{rows}")),
        known(&tombstone.dropped_at),
        known(&tombstone.actor),
        known(&tombstone.change),
        until,
    ]
}
