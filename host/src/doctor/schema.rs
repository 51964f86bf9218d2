//! Whether the database is what metadata and plugins call for.

use super::{Check, Patient};
use crate::drift::Finding;
use crate::error::Result;
use crate::pipeline::drift;
use crate::trouble::Trouble;

/// Findings that are told one by one.
const MOST: usize = 5;

pub(super) async fn check(patient: &Patient<'_>) -> Result<Check> {
    let tenant = &patient.tenant;
    let org = tenant.org();
    let _turn = tenant.trial_turn().await;
    let drift = Box::pin(drift(&patient.host.pipeline(), tenant)).await?;
    let mut findings = crate::drift::told(org, &drift);
    findings.retain(|finding| !finding.foreign);
    let said = match findings.len() {
        0 => "in step".to_owned(),
        1 => "1 finding".to_owned(),
        count => format!("{count} findings"),
    };
    let rest = findings.len().saturating_sub(MOST);
    let more = (rest > 0).then(|| {
        let findings = if rest == 1 { "finding" } else { "findings" };
        let found = format!("{rest} {findings} more");
        Trouble::warning("drift/more", found, MEANS).next(format!("see all: hookwright drift --org {org}"))
    });
    let troubles = findings.into_iter().take(MOST).map(trouble).chain(more);
    Ok(Check::new("schema", said).with(troubles))
}

const MEANS: &str =
    "the database is not what metadata and plugins call for: changes of it may fail with db/drifted";

fn trouble(finding: Finding) -> Trouble {
    let next = match finding.adopt {
        Some(adopt) => format!("{}; or the other way: {adopt}", finding.repair),
        None => finding.repair,
    };
    Trouble::warning(&finding.code, finding.message, MEANS).next(next)
}
