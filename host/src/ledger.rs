//! The ledger's pages, as the surfaces show them.

use serde::{Deserialize, Serialize};

use crate::api::{HeldPart, Page};
use crate::db::{ChangePage, ChangeRow, HeldPage, HeldRow, OrgDb};
use crate::error::{Error, Result};
use crate::outcome::{ChangeSummary, EventSummary, HeldSummary, Status};
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
    if rows.is_empty() && page.before.is_none() {
        // None at all may also be that the history is gone, which this says.
        tenant.db().point().await?;
    }
    rows.into_iter().map(|row| summary(tenant.db(), row)).collect()
}

/// A page of the changes that are held or staged, newest first.
pub(crate) async fn held(tenant: &Tenant, part: HeldPart) -> Result<Vec<ChangeSummary>> {
    let rows = tenant.db().held_changes(&HeldPage { before: part.before, limit: part.limit }).await?;
    rows.into_iter().map(|row| held_summary(tenant.db(), row)).collect()
}

fn summary(db: &OrgDb, row: ChangeRow) -> Result<ChangeSummary> {
    let Summary { events, statements } = parse(db, ("change", &row.id), &row.summary)?;
    Ok(ChangeSummary {
        change: row.id,
        revision: row.revision,
        status: Status::Applied,
        committed_at: Some(row.committed_at),
        rolled_back_by: row.rolled_back_by,
        held: None,
        actor: row.actor,
        events,
        statements,
    })
}

fn held_summary(db: &OrgDb, row: HeldRow) -> Result<ChangeSummary> {
    let Summary { events, statements } = parse(db, ("held", &row.id), &row.summary)?;
    let status = if row.waits() { Status::Held } else { Status::Staged };
    let held = HeldSummary {
        since: row.created_at,
        seconds: row.age_s,
        verdict: row.verdict,
        plan_hash: row.plan_hash,
    };
    Ok(ChangeSummary {
        change: row.id,
        revision: row.revision,
        status,
        committed_at: None,
        rolled_back_by: None,
        held: Some(held),
        actor: row.actor,
        events,
        statements,
    })
}

fn parse(db: &OrgDb, (table, id): (&str, &str), summary: &str) -> Result<Summary> {
    let damaged = |e| Error::from(db.misshapen(table, id, &format!("its summary does not parse: {e}")));
    serde_json::from_str(summary).map_err(damaged)
}
