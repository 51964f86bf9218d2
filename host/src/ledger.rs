//! The ledger's pages, as the surfaces show them.

use serde::{Deserialize, Serialize};

use crate::api::Page;
use crate::db::{ChangePage, ChangeRow};
use crate::error::{Error, Result};
use crate::outcome::{ChangeSummary, EventSummary, Status};
use crate::tenant::Tenant;

/// What the ledger keeps of a change beside its outcome, for lists.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Summary {
    pub events: Vec<EventSummary>,
    pub statements: usize,
}

/// A page of changes, newest first.
pub(crate) async fn changes(tenant: &Tenant, page: Page) -> Result<Vec<ChangeSummary>> {
    let rows = tenant.db().changes(ChangePage { before: page.before, limit: page.limit }).await?;
    rows.into_iter().map(summary).collect()
}

fn summary(row: ChangeRow) -> Result<ChangeSummary> {
    let damaged = |e| {
        Error::new("host/fault", format!("the ledger's summary of the change {} does not parse", row.id))
            .because(e)
    };
    let Summary { events, statements } = serde_json::from_str(&row.summary).map_err(damaged)?;
    Ok(ChangeSummary {
        change: row.id.clone(),
        revision: row.revision,
        status: Status::Applied,
        committed_at: row.committed_at,
        actor: row.actor,
        events,
        statements,
    })
}
