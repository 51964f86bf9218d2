//! Large tables that are being changed in steps: until these are done, or taken back, nothing takes a name from them.
//!
//! A step names its table and columns as they were when it was planned; triggers that keep new values fail for every
//! writer if somebody takes a name from under them.

use hookwright_core::policy::Draft;

use super::held;
use super::request::Request;
use crate::error::{Error, Result};
use crate::tenant::Tenant;

/// Refuses a change that takes a name, or a type, from a table on which another change has steps left.
pub(super) async fn check(tenant: &Tenant, draft: &Draft, request: &Request<'_>) -> Result<()> {
    let touched = draft.unsettled();
    if touched.is_empty() || request.staged.is_some() {
        return Ok(());
    }
    for change in tenant.db().unfinished().await? {
        let steps = tenant.db().steps(&change).await?;
        let met = steps.iter().map(|row| row.step.table()).find(|table| touched.contains(table));
        if let Some(table) = met
            && !is_that(tenant, &change, request).await?
        {
            let (table, org) = (table.as_str(), tenant.org());
            let message = format!(
                "the change {change} is under way on the table \"{table}\", in steps beside its users"
            );
            let help = format!(
                "send it again when that is done: hookwright resume --org {org}; or end that: hookwright reject {change} --org {org}"
            );
            return Err(Error::new("change/under-way", message).help(help));
        }
    }
    Ok(())
}

/// Whether what is asked for is the change under way itself, sent once more: that is answered as it stands.
async fn is_that(tenant: &Tenant, change: &str, request: &Request<'_>) -> Result<bool> {
    let Some(row) = tenant.db().held(change).await? else { return Ok(false) };
    let known = held::change(&row)?;
    Ok(known.events.iter().any(|known| request.change.events.iter().any(|asked| asked.id == known.id)))
}
