//! Whether a reviewed change runs now: the policy's decision, the plan that was approved, a second actor.
//!
//! Whatever holds a change says who may do what about it, down to the command.

use hookwright_core::ident::{OrgName, quoted};
use hookwright_core::policy::{ApprovedPlan, Decision, Reason as CoreReason, Review, Settings, Verdict};

use super::request::Request;
use crate::outcome::{Outcome, Reason};

/// What is to happen.
pub(super) enum Ruling<'r> {
    Refuse(Vec<Reason>),
    Hold(Vec<Reason>),
    Run(&'r ApprovedPlan),
}

impl Ruling<'_> {
    /// The ruling, unless there are reasons why nothing is to happen.
    pub fn unless(self, reasons: Vec<Reason>) -> Self {
        if reasons.is_empty() { self } else { Ruling::Refuse(reasons) }
    }
}

/// What a ruling is made on.
pub(super) struct Judge<'a> {
    pub org: &'a OrgName,
    pub request: &'a Request<'a>,
    pub settings: &'a Settings,
    pub hash: &'a str,
}

impl Judge<'_> {
    pub fn rule<'r>(&self, review: &'r Review) -> Ruling<'r> {
        if let Some(reason) = self.another_plan() {
            return Ruling::Refuse(vec![reason]);
        }
        let mut held: Vec<_> = self.moved(review).into_iter().collect();
        match &review.decision {
            Decision::Refuse(reasons) if self.request.approval.is_none() => {
                return Ruling::Refuse(reasons.iter().map(plain).collect());
            }
            Decision::Refuse(reasons) => held.extend(reasons.iter().map(plain)),
            Decision::Hold(reasons) => held.extend(reasons.iter().map(|r| self.reason(r, review))),
            Decision::Execute(_) => {}
        }
        held.extend(self.second_actor(review));
        match &review.decision {
            Decision::Execute(plan) if held.is_empty() => Ruling::Run(plan),
            _ => Ruling::Hold(held),
        }
    }

    /// A reason of the policy, with the command that lifts it.
    fn reason(&self, reason: &CoreReason, review: &Review) -> Reason {
        let mut told = plain(reason);
        let Some(verdict) = reason.consent.filter(|_| !self.request.consent.dry_run) else { return told };
        let approve = self.approve(review);
        told.help = match (self.wants_another(verdict), self.request.approval) {
            (true, _) => format!("have somebody else approve it: {approve} --as NAME"),
            (false, None) => format!("approve it: {approve}; or {}", reason.help),
            (false, Some(_)) => format!("approve it: {approve}"),
        };
        told
    }

    /// Who sends a change with a plan wants that one or none.
    fn another_plan(&self) -> Option<Reason> {
        let wanted = self.request.plan_hash.filter(|wanted| *wanted != self.hash)?;
        let message = format!(
            "the world moved since the plan was made: it was {}…, and is {}… now",
            short(wanted),
            short(self.hash)
        );
        let help = format!("nothing ran; look at what it is now: hookwright plan --org {}", self.org);
        Some(Reason { code: "policy/plan-moved".into(), message, help })
    }

    /// An approval is of one plan.
    fn moved(&self, review: &Review) -> Option<Reason> {
        let (approval, row) = (self.request.approval?, self.request.held.as_ref()?);
        let approved = approval.plan_hash.as_ref().unwrap_or(&row.plan_hash);
        if approved == self.hash {
            return None;
        }
        let (approved, hash) = (short(approved), self.hash);
        let message = match approval.plan_hash.as_ref().is_some_and(|given| *given != row.plan_hash) {
            true => format!("the plan that was approved is {approved}…, the plan of the change is {hash}"),
            false => format!(
                "the world moved since the change was held: its plan was {approved}… and is {hash}; {}",
                differences(&row.outcome, review)
            ),
        };
        let approve = self.approve(review);
        let named = review.judged.iter().any(|j| self.wants_another(j.verdict));
        let more = if named { " --as NAME" } else { "" };
        let help = format!("nothing ran; if the statements are still wanted: {approve} --plan {hash}{more}");
        Some(Reason { code: "policy/plan-moved".into(), message, help })
    }

    fn second_actor(&self, review: &Review) -> Option<Reason> {
        // Whoever had to allow it did so before it was staged.
        if self.request.staged.is_some() {
            return None;
        }
        let wanted = review.judged.iter().filter(|j| self.wants_another(j.verdict));
        let what = match wanted.map(|j| j.verdict).max()? {
            Verdict::Destructive => "destroys data",
            _ => "needs a confirmation",
        };
        let askers = self.request.askers();
        let approver = self.request.approval.map(|a| a.actor.as_deref());
        let names = askers.iter().map(|a| quoted(a)).collect::<Vec<_>>().join(", ");
        let (message, help) = match approver {
            _ if askers.is_empty() => (
                format!(
                    "what {what} needs a second actor, and nobody is named who asked for the change: it cannot be shown that another approves it"
                ),
                self.anew(),
            ),
            None => (
                format!("what {what} needs a second actor: asked for by {names}, it waits for somebody else"),
                format!("have somebody else run: {} --as NAME", self.approve(review)),
            ),
            Some(None) => (
                format!("what {what} needs a second actor, and the approval does not say whose it is"),
                format!("say who you are: {} --as NAME", self.approve(review)),
            ),
            Some(Some(approver)) if askers.contains(approver) => (
                format!(
                    "what {what} needs a second actor: {} asked for the change and cannot approve it too",
                    quoted(approver)
                ),
                format!("have somebody else run: {} --as NAME", self.approve(review)),
            ),
            Some(Some(_)) => return None,
        };
        Some(Reason { code: "policy/second-actor".into(), message, help })
    }

    /// Whether a verdict waits for somebody else than who asked. Leave to destroy confirms too.
    fn wants_another(&self, verdict: Verdict) -> bool {
        let confirms = verdict == Verdict::Destructive;
        self.settings.needs_second_actor(verdict)
            || confirms && self.settings.needs_second_actor(Verdict::NeedsConfirmation)
    }

    /// The command that approves the change, with all that it takes.
    fn approve(&self, review: &Review) -> String {
        let destroys = review.judged.iter().any(|j| j.verdict == Verdict::Destructive);
        let more = if destroys { " --allow-destructive" } else { "" };
        format!("hookwright approve {} --org {}{more}", self.named(), self.org)
    }

    fn anew(&self) -> String {
        let (id, org) = (self.named(), self.org);
        format!(
            "hookwright reject {id} --org {org}; then send a new event with an \"actor\", or with a token"
        )
    }

    /// A dry run has no id yet.
    fn named(&self) -> &str {
        if self.request.consent.dry_run { "CHANGE" } else { &self.request.id }
    }
}

fn plain(reason: &CoreReason) -> Reason {
    Reason { code: reason.code.clone(), message: reason.message.clone(), help: reason.help.clone() }
}

/// Which statements came and went.
fn differences(before: &str, review: &Review) -> String {
    let before = serde_json::from_str::<Outcome>(before).map(|o| o.statements).unwrap_or_default();
    let before: Vec<_> = before.iter().map(|s| s.sql.as_str()).collect();
    let after: Vec<_> = review.plan.statements().map(|s| s.sql()).collect();
    let gone = listed(before.iter().filter(|s| !after.contains(s)));
    let new = listed(after.iter().filter(|s| !before.contains(s)));
    match (gone, new) {
        (None, None) if before == after => "the statements are the same, the metadata differs".to_owned(),
        (None, None) => "the statements are the same, in another order".to_owned(),
        (gone, new) => {
            let part = |word: &str, list: Option<String>| list.map(|list| format!("{word}: {list}"));
            let parts = [part("no longer", gone), part("now", new)];
            parts.into_iter().flatten().collect::<Vec<_>>().join("; ")
        }
    }
}

/// The first few of some statements, each on a line and not too long.
fn listed<'s>(statements: impl Iterator<Item = &'s &'s str>) -> Option<String> {
    const MOST: usize = 3;
    let all: Vec<_> = statements.collect();
    let line = |sql: &&&str| {
        let line: String = sql.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(200).collect();
        line
    };
    let mut lines: Vec<_> = all.iter().take(MOST).map(line).collect();
    if all.len() > MOST {
        lines.push(format!("{} more", all.len() - MOST));
    }
    (!all.is_empty()).then(|| lines.join(", "))
}

/// Enough of a hash to know it by.
fn short(hash: &str) -> &str {
    hash.get(..12).unwrap_or(hash)
}
