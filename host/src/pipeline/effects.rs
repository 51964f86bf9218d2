//! What a change writes beside its statements: metadata, model, ledger.

use std::collections::BTreeMap;
use std::sync::Arc;

use hookwright_core::event::Change;
use hookwright_core::ident::Ident;
use hookwright_core::metadata::{Entity, Field, Metadata, StableId};
use hookwright_core::policy::{ApprovedPlan, Review};
use hookwright_core::schema::{Schema, Table};

use crate::error::{Error, Result};
use crate::executor::{EntityRow, FieldRow, LedgerEvent, Work};
use crate::ledger::Summary;
use crate::outcome::{EventSummary, Outcome};
use crate::tenant::{Tenant, View};

/// All that the executor commits at once.
pub(super) fn work<'a>(
    tenant: &Tenant,
    view: &View,
    change: &Change,
    metadata: &Metadata,
    review: &Review,
    plan: &'a ApprovedPlan,
    outcome: &Outcome,
) -> Result<Work<'a>> {
    let rows = rows(&view.snapshot.metadata, metadata);
    let (tables, gone_tables) = tables(&view.snapshot.schema, &review.schema);
    Ok(Work {
        org: tenant.org().clone(),
        revision: view.snapshot.revision,
        change_id: outcome.change.clone().unwrap_or_default(),
        actor: outcome.actor.clone(),
        correlation_id: change.events.iter().find_map(|e| e.correlation_id.clone()),
        events: change.events.iter().map(ledger_event).collect(),
        plan,
        rows,
        tables,
        gone_tables,
        summary_json: json(&summary(change, outcome))?,
        outcome_json: json(outcome)?,
    })
}
