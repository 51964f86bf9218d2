//! Changes that wait for somebody, such whose host is gone, and what is left of such whose rows are.

use super::{Check, Patient};
use crate::error::Result;
use crate::ledger;
use crate::outcome::{ChangeSummary, Status};
use crate::trouble::{Fix, Trouble};

/// Held changes that are looked at.
const MOST: u32 = 100;
/// A change that waits for so long may be forgotten.
const LONG_S: i64 = 24 * 3600;

pub(super) async fn check(patient: &Patient<'_>) -> Result<Check> {
    let tenant = &patient.tenant;
    let held = ledger::held(tenant, crate::api::HeldPart { before: None, limit: MOST }).await?;
    let (waiting, under_way): (Vec<_>, Vec<_>) =
        held.into_iter().partition(|change| change.status == Status::Held);
    let abandoned = tenant.db().abandoned().await?;
    let said = match (waiting.len(), under_way.len()) {
        (0, 0) => "none waits".to_owned(),
        (held, steps) => format!("{held} held, {steps} under way"),
    };
    let org = tenant.org();
    let left = abandoned.iter().map(|id| {
        let found = format!("the change {id} has steps left, and no host is at it");
        let means = "its host died or was stopped; nothing of it is visible until it is done or taken back";
        Trouble::broken("change/abandoned", found, means)
            .next(format!("go on with it: hookwright resume --org {org}"))
            .fixed_by(Fix::Resume)
    });
    let waits = waiting.iter().filter_map(|change| waits(org.as_str(), change));
    let debris = tenant.db().debris_told().await?;
    Ok(Check::new("changes", said).with(debris).with(left.chain(waits)))
}

fn waits(org: &str, change: &ChangeSummary) -> Option<Trouble> {
    // One that cannot be read is told with the records.
    let held = change.held.as_ref().filter(|_| change.unreadable.is_none())?;
    let (id, hours) = (&change.change, held.seconds / 3600);
    let found = format!("the change {id} is held ({}), since {}", held.verdict, held.since);
    let means = "it waits for a decision; nothing of it has happened";
    let trouble = match held.seconds >= LONG_S {
        true => Trouble::warning("change/forgotten", format!("{found}: {hours} hours"), means),
        false => Trouble::note("change/held", found, means),
    };
    Some(trouble.next(format!(
        "see it: hookwright show {id} --org {org}; then hookwright approve, or hookwright reject"
    )))
}
