//! The decision over a whole change, and the only maker of an [`ApprovedPlan`].

use std::collections::HashSet;
use std::sync::Arc;

use serde::Serialize;

use super::draft::Entry;
use super::{Answers, Draft, Finding, Hazard, Rule, Verdict, integrity};
use crate::event::Consent;
use crate::intent::Intent;
use crate::model_names::RelationNames;
use crate::plan::{self, Obstacle, Plan, Sizes, Waits};
use crate::schema::Schema;
use crate::tombstone::Tombstones;
use crate::undo::Undo;

/// Why a change does not run, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reason {
    /// A stable code.
    pub code: String,
    /// What stands against it.
    pub message: String,
    /// What to do.
    pub help: String,
    /// The verdict that consent lifts; none if consent does not help.
    #[serde(skip)]
    pub consent: Option<Verdict>,
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
    /// What is to be known of it, though it holds nothing up.
    pub notes: Vec<Note>,
}

/// What a rule found that holds nothing up.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Note {
    /// The rule's code.
    pub code: &'static str,
    /// What it found.
    pub message: String,
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
    /// The names in it, if they were looked at.
    pub names: Option<RelationNames>,
    /// What becomes of the things that are kept though they are dropped.
    pub tombstones: Tombstones,
    /// What undoes it, as far as the schema goes.
    pub undo: Undo,
    /// Whether it runs.
    pub decision: Decision,
}

/// Decides over a change, given the answers to its probes, which tables are large, and what its sender allows.
#[must_use]
pub fn review(draft: Draft, answers: &Answers, sizes: &Sizes, consent: Consent) -> Review {
    let plan = plan::plan(&draft.org, draft.dialect, &draft.model, sizes);
    let waits = Waits::of(&plan, &draft.model, draft.dialect, sizes);
    let mut asked = 0..;
    let mut told = HashSet::new();
    let (mut held, mut refused, mut judged) = (Vec::new(), Vec::new(), Vec::new());
    for entry in &draft.entries {
        let next = || asked.next().and_then(|i| answers.get(&i)).cloned().unwrap_or_default();
        let findings = entry.settle(&draft, &waits, next);
        for (rule, finding) in &findings {
            let against = if finding.verdict == Verdict::Forbidden { &mut refused } else { &mut held };
            against.extend(objection(rule, finding, consent));
        }
        let mut judgement = judgement(entry, findings);
        // What several intents bring about together is told once.
        judgement.notes.retain(|note| told.insert(note.clone()));
        judged.push(judgement);
    }
    refused.extend(integrity::check(&draft.model));
    refused.extend(plan.obstacles.iter().map(obstacle));
    let decision = match (refused.is_empty(), held.is_empty()) {
        (false, _) => Decision::Refuse(refused),
        (true, false) => Decision::Hold(held),
        (true, true) => Decision::Execute(ApprovedPlan { plan: plan.clone() }),
    };
    let tombstones = Tombstones::of(&draft.model);
    let undo = Undo::of(draft.entries.iter().map(|e| (&e.intent, &e.inverse)));
    let (mut schema, names) = (draft.model.schema().clone(), draft.model.known_names());
    for (table, order) in &plan.order {
        schema.table_mut(table).into_iter().for_each(|table| table.reorder(order));
    }
    Review { judged, plan, schema, names, tombstones, undo, decision }
}

fn obstacle(obstacle: &Obstacle) -> Reason {
    let (code, message, help) = (obstacle.code(), obstacle.message(), obstacle.help());
    Reason { code: code.into(), message, help: help.into(), consent: None }
}

fn judgement(entry: &Entry, findings: Vec<(&'static Rule, Finding)>) -> Judged {
    let mut hazards: Vec<_> = findings.iter().flat_map(|(_, f)| f.hazards.clone()).collect();
    hazards.sort();
    hazards.dedup();
    // Of equals the first, and what it costs comes last.
    let costs = |f: &Finding| matches!(f.hazards.as_slice(), [Hazard::Rewrite] | [Hazard::Scan]);
    let strictest = findings.iter().rev().max_by_key(|(_, f)| (f.verdict, f.remedy.is_some(), !costs(f)));
    let (verdict, rule) = (strictest.map(|(_, f)| f.verdict), strictest.map(|(rule, _)| rule.code));
    let harmless = findings.into_iter().filter(|(_, f)| f.verdict == Verdict::Safe);
    Judged {
        plugin: entry.plugin.clone(),
        intent: entry.intent.clone(),
        verdict: verdict.unwrap_or(Verdict::Safe),
        rule,
        hazards,
        notes: harmless.map(|(rule, f)| Note { code: rule.code, message: f.message }).collect(),
    }
}

/// What a finding has against running with this consent.
fn objection(rule: &Rule, finding: &Finding, consent: Consent) -> Option<Reason> {
    let lifted = finding.remedy.is_none().then_some(finding.verdict).filter(|v| *v != Verdict::Forbidden);
    let help = match (&finding.remedy, finding.verdict) {
        (Some(remedy), _) => remedy.clone(),
        (None, Verdict::Safe) => return None,
        (None, Verdict::Forbidden) => rule.instead.to_owned(),
        (None, Verdict::NeedsConfirmation) if consent.confirm || consent.allow_destructive => return None,
        (None, Verdict::NeedsConfirmation) => "send it again with \"confirm\": true (--confirm)".into(),
        (None, Verdict::Destructive) if consent.allow_destructive => return None,
        (None, Verdict::Destructive) => {
            "send it again with \"allowDestructive\": true (--allow-destructive)".into()
        }
    };
    Some(Reason { code: rule.code.to_owned(), message: finding.message.clone(), help, consent: lifted })
}
