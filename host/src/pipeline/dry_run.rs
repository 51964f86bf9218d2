//! A change that is only worked out: answered for the organisation as it was when that began.
//!
//! Others go on changing the organisation meanwhile: to wait for a moment in which nobody does would take for ever.

use std::sync::Arc;

use hookwright_core::event::{Body, Change};

use super::held;
use super::request::Request;
use super::{Attempt, MOST_RECOMPUTATIONS, Pipeline, is_in_the_way, moved, seen};
use crate::db::Point;
use crate::error::{Error, Result};
use crate::outcome::Outcome;
use crate::tenant::{Bound, Tenant, View};

/// Times that it is worked out beside the organisation's changes; after that it takes its turn among them.
const BESIDE: u32 = 3;

impl Pipeline<'_> {
    /// What would become of a change: with other plugins than those that are bound, if they are given.
    pub(super) async fn dry_run(
        &self,
        tenant: &Tenant,
        request: &Request<'_>,
        plugins: Option<Arc<Vec<Arc<Bound>>>>,
    ) -> Result<Outcome> {
        if let Some(rejected) = held::rejected_before(tenant, request.change).await? {
            return Ok(rejected);
        }
        for tries in 0..MOST_RECOMPUTATIONS {
            let _turn = match tries < BESIDE {
                true => None,
                false => Some(tenant.turn().lock().await),
            };
            request.in_time()?;
            let seen = seen(tenant, request.change).await?;
            if let Some(settled) = self.settled(tenant, request, &seen).await? {
                return Ok(settled);
            }
            let mut view = current(tenant, &seen.point).await?;
            if let Some(plugins) = &plugins {
                view.plugins = plugins.clone();
            }
            let tried = self.attempt(tenant, &view, request).await;
            let stands = match &tried {
                Ok(Attempt::NotRun(outcome)) => is_of_view(request.change) && !is_mixed(outcome),
                Ok(_) => false,
                Err(error) => is_in_the_way(error) || is_of_view(request.change) && !is_of_meanwhile(error),
            };
            if stands || tenant.is_current(&view).await? {
                return match tried? {
                    Attempt::NotRun(outcome) => Ok(*outcome),
                    _ => Err(Error::new("host/fault", "a dry run was carried out")),
                };
            }
            tenant.forget();
        }
        Err(moved(tenant))
    }
}

/// The organisation as it was at a point of its history, or later.
async fn current(tenant: &Tenant, point: &Point) -> Result<View> {
    let view = tenant.view().await?;
    if view.snapshot.point() == *point || view.snapshot.revision > point.revision {
        return Ok(view);
    }
    tenant.forget();
    tenant.view().await
}

/// Whether a change is worked out on what was read at once. Others read further from the ledger, while it grows.
fn is_of_view(change: &Change) -> bool {
    change.events.iter().all(|event| match event.body {
        Body::EntityCreate { .. }
        | Body::EntityUpdate { .. }
        | Body::EntityDelete { .. }
        | Body::FieldCreate { .. }
        | Body::FieldUpdate { .. }
        | Body::FieldDelete { .. }
        // Both see to it that they look at the database as it was then: see `drift`.
        | Body::SchemaSync { .. }
        | Body::SchemaAdopt { .. } => true,
        Body::EntityRestore { .. }
        | Body::FieldRestore { .. }
        | Body::EntityPurge { .. }
        | Body::FieldPurge { .. }
        | Body::PurgeExpired
        | Body::ChangeRollback { .. } => false,
    })
}

/// Whether the database gave a reason, which may be what others made of it meanwhile.
fn is_mixed(outcome: &Outcome) -> bool {
    outcome.reasons.iter().any(|reason| reason.code.starts_with("db/"))
}

/// Whether an error may come of what others did meanwhile.
fn is_of_meanwhile(error: &Error) -> bool {
    error.entry.code == "event/moved" || error.entry.code.starts_with("db/")
}
