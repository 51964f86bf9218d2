//! `hookwright adopt`: takes what databases have into the metadata.

use super::schema::Repairing;
use super::{Context, Exit};
use crate::error::Result;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  hookwright adopt --org acme-corp --entity invoice --field status --dry-run
  hookwright adopt --org acme-corp --entity invoice
  hookwright adopt --org acme-corp --extras

The metadata become what the database has; the database is not changed. Columns and tables that others made become
fields and entities: of one entity, or with --extras of all tables there are, which is how an existing database is
taken over. What plugins call for besides is drift then: hookwright sync.

Exit status: 0 adopted and in step, 1 error, 3 planned (--dry-run), or adopted, and something is drift still.")]
pub(crate) struct Arguments {
    #[command(flatten)]
    repairing: Repairing,
}

pub(crate) async fn run(arguments: Arguments, cx: Context) -> Result<Exit> {
    arguments.repairing.run("schema.adopt", &cx).await
}
