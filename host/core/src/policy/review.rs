//! The decision over a whole change, and the only maker of an [`ApprovedPlan`].

use std::sync::Arc;

use serde::Serialize;

use super::draft::Entry;
use super::{Answers, Draft, Finding, Hazard, Verdict, integrity};
use crate::event::Consent;
use crate::intent::Intent;
use crate::plan::{self, Plan};
use crate::schema::Schema;

/// Why a change does not run, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reason {
    /// A stable code.
    pub code: String,
    /// What stands against it.
    pub message: String,
    /// What to do.
    pub help: String,
}

/// An intent with its verdict.
#[derive(Debug, Clone, PartialEq)]
pub struct Judged {
    /// The plugin that asked.
    pub plugin: Arc<str>,
    /// What it asked for.
    pub intent: Intent,
    /// The strictest verdict of the rules.
    pub verdict: Verdict,
    /// The rule that gave it.
    pub rule: Option<&'static str>,
    /// What the rules found it costs.
    pub hazards: Vec<Hazard>,
}

/// What is to happen with a change.
#[derive(Debug, Clone, PartialEq)]
pub enum Decision {
    /// It runs.
    Execute(ApprovedPlan),
    /// It waits for consent, or for the rows to allow it.
    Hold(Vec<Reason>),
    /// It can never run as asked.
    Refuse(Vec<Reason>),
}

/// A plan that may be executed. Nothing outside this module can make one.
///
/// ```compile_fail
/// use hookwright_core::policy::ApprovedPlan;
/// fn forge(plan: hookwright_core::plan::Plan) -> ApprovedPlan {
///     ApprovedPlan { plan } // the field is private
/// }
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct ApprovedPlan {
    plan: Plan,
}

impl ApprovedPlan {
    /// What is to be executed.
    #[must_use]
    pub fn plan(&self) -> &Plan {
        &self.plan
    }
}

/// A reviewed change.
#[derive(Debug, Clone, PartialEq)]
pub struct Review {
    /// Each intent with its verdict.
    pub judged: Vec<Judged>,
    /// What would be, or is to be, executed.
    pub plan: Plan,
    /// The schema afterwards.
    pub schema: Schema,
    /// Whether it runs.
    pub decision: Decision,
}

/// Decides over a change, given the answers to its probes and what its sender allows.
#[must_use]
pub fn review(draft: Draft, answers: &Answers, consent: Consent) -> Review {
    let mut asked = 0..;
    let mut held = Vec::new();
    let mut judged = Vec::new();
    for entry in &draft.entries {
        let findings =
            entry.settle(|| asked.next().and_then(|i| answers.get(&i)).cloned().unwrap_or_default());
        held.extend(findings.iter().filter_map(|(code, finding)| objection(code, finding, consent)));
        judged.push(judgement(entry, findings));
    }
    let refused = integrity::check(&draft.model);
    let plan = plan::plan(&draft.org, draft.dialect, &draft.model);
    let decision = match (refused.is_empty(), held.is_empty()) {
        (false, _) => Decision::Refuse(refused),
        (true, false) => Decision::Hold(held),
        (true, true) => Decision::Execute(ApprovedPlan { plan: plan.clone() }),
    };
    Review { judged, plan, schema: draft.model.schema().clone(), decision }
}

fn judgement(entry: &Entry, findings: Vec<(&'static str, Finding)>) -> Judged {
    let mut hazards: Vec<_> = findings.iter().flat_map(|(_, f)| f.hazards.clone()).collect();
    hazards.sort();
    hazards.dedup();
    let strictest = findings.iter().max_by_key(|(_, f)| f.verdict);
    Judged {
        plugin: entry.plugin.clone(),
        intent: entry.intent.clone(),
        verdict: strictest.map_or(Verdict::Safe, |(_, f)| f.verdict),
        rule: strictest.map(|(code, _)| *code),
        hazards,
    }
}

/// What a finding has against running with this consent.
fn objection(code: &'static str, finding: &Finding, consent: Consent) -> Option<Reason> {
    let help = match (&finding.remedy, finding.verdict) {
        (Some(remedy), _) => remedy.clone(),
        (None, Verdict::Safe) => return None,
        (None, Verdict::NeedsConfirmation) if consent.confirm || consent.allow_destructive => return None,
        (None, Verdict::NeedsConfirmation) => "send it again with \"confirm\": true (--confirm)".into(),
        (None, _) if consent.allow_destructive => return None,
        (None, _) => "send it again with \"allowDestructive\": true (--allow-destructive)".into(),
    };
    Some(Reason { code: code.to_owned(), message: finding.message.clone(), help })
}
