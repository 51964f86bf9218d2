//! The ledger's pages, as the surfaces show them.

use serde::{Deserialize, Serialize};

use crate::api::{HeldPart, Page};
use crate::db::{ChangePage, ChangeRow, HeldPage, HeldRow, OrgDb};
use crate::error::Result;
use crate::outcome::{ChangeSummary, EventSummary, HeldSummary, Status};
use crate::tenant::Tenant;

/// What the ledger keeps of a change beside its outcome, for lists.
#[derive(Debug, Default, Serialize, Deserialize)]
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
    Ok(rows.into_iter().map(|row| summary(tenant.db(), row)).collect())
}

/// A page of the changes that are held or staged, newest first.
pub(crate) async fn held(tenant: &Tenant, part: HeldPart) -> Result<Vec<ChangeSummary>> {
    let rows = tenant.db().held_changes(&HeldPage { before: part.before, limit: part.limit }).await?;
    Ok(rows.into_iter().map(|row| held_summary(tenant.db(), row)).collect())
}

fn summary(db: &OrgDb, row: ChangeRow) -> ChangeSummary {
    let (Summary { events, statements }, unreadable) = parsed(db, ("change", &row.id), &row.summary, None);
    ChangeSummary {
        change: row.id,
        revision: row.revision,
        status: Status::Applied,
        committed_at: Some(row.committed_at),
        rolled_back_by: row.rolled_back_by,
        held: None,
        actor: row.actor,
        events,
        statements,
        unreadable,
    }
}

fn held_summary(db: &OrgDb, row: HeldRow) -> ChangeSummary {
    let wrong = row.misshapen();
    let (Summary { events, statements }, unreadable) = parsed(db, ("held", &row.id), &row.summary, wrong);
    let status = if row.waits() { Status::Held } else { Status::Staged };
    let held = HeldSummary {
        since: row.created_at,
        seconds: row.age_s,
        verdict: row.verdict,
        plan_hash: row.plan_hash,
    };
    ChangeSummary {
        change: row.id,
        revision: row.revision,
        status,
        committed_at: None,
        rolled_back_by: None,
        held: Some(held),
        actor: row.actor,
        events,
        statements,
        unreadable,
    }
}

/// What a row is about; or what is wrong with it, so that the rest of the list can be shown.
fn parsed(
    db: &OrgDb,
    (table, id): (&str, &str),
    summary: &str,
    wrong: Option<String>,
) -> (Summary, Option<String>) {
    let parsed = serde_json::from_str(summary).map_err(|e| format!("its summary does not parse: {e}"));
    match wrong.map_or(parsed, Err) {
        Ok(summary) => (summary, None),
        Err(what) => (Summary::default(), Some(db.misshapen(table, id, &what).found)),
    }
}
