//! What a rule is: documented in fixed headings, with a check that gives a judgement.

use std::collections::BTreeSet;

use super::{Answer, Hazard, Mode, Probe, Settings, Severity, Verdict};
use crate::ddl::{Dialect, Extent};
use crate::ident::{Ident, OrgName};
use crate::intent::Intent;
use crate::model::Model;
use crate::plan::{self, Sizes, Waits};

/// A rule of the policy.
pub struct Rule {
    /// Its code, `policy/` and the file's name.
    pub code: &'static str,
    /// What it is about, in a few words.
    pub title: &'static str,
    /// What it does.
    pub what: &'static str,
    /// Why this is bad.
    pub why: &'static str,
    /// What to use instead.
    pub instead: &'static str,
    /// The verdicts it gives by itself, from mild to final.
    pub verdicts: &'static [Verdict],
    /// The hazards it may find.
    pub hazards: &'static [Hazard],
    /// The mildest that a policy may set it to.
    pub floor: Severity,
    /// Its judgement of an intent it is about.
    pub judge: fn(&Case) -> Option<Judgement>,
}

impl Rule {
    /// Its name in a policy: the code without `policy/`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.code.trim_start_matches("policy/")
    }

    /// The mildest that a policy may set it to in a mode: in `prod` nothing runs by itself that is not safe.
    #[must_use]
    pub fn floor_in(&self, mode: Mode) -> Severity {
        match mode {
            Mode::Prod if self.verdicts.iter().any(|v| *v > Verdict::Safe) => {
                self.floor.max(Severity::Confirm)
            }
            _ => self.floor,
        }
    }

    /// Why it has its floor.
    #[must_use]
    pub fn floor_reason(&self) -> &'static str {
        match self.floor {
            Severity::Off => "it is about the design alone",
            Severity::Advice => "what it finds is always told",
            Severity::Confirm => {
                "it stands where rows may fail or change, and no policy can wave that through"
            }
            Severity::Destructive | Severity::Forbid => "it guards data that would be gone",
        }
    }
}

/// An intent on the model as the earlier intents leave it.
pub struct Case<'a> {
    /// The intent.
    pub intent: &'a Intent,
    /// The model before it.
    pub model: &'a Model,
    /// What the organisation's policy sets.
    pub settings: &'a Settings,
    /// The organisation.
    pub org: &'a OrgName,
    /// Its kind of database.
    pub dialect: Dialect,
}

impl Case<'_> {
    /// How the organisation is run.
    #[must_use]
    pub fn mode(&self) -> Mode {
        self.settings.mode
    }

    /// How much of its table the intent alone would go through, were the table small.
    pub(super) fn waiting(&self) -> Extent {
        let mut alone = self.model.beginning_here();
        if self.intent.apply(&mut alone).is_err() {
            return Extent::Nothing;
        }
        let plan = plan::plan(self.org, self.dialect, &alone, &Sizes::default());
        Waits::at_all(&plan, &alone, self.intent.table())
    }
}

/// What a rule found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Whether it may run.
    pub verdict: Verdict,
    /// What it costs or endangers.
    pub hazards: Vec<Hazard>,
    /// What was found.
    pub message: String,
    /// What to do, if it is more than confirming: then the data stand against
    /// it, and a confirmation alone does not help.
    pub remedy: Option<String>,
}

/// What an answer means for an intent.
pub type Settle = Box<dyn Fn(&Answer) -> Option<Finding> + Send + Sync>;

/// What an answer means for an intent, once it is known how much of its table is gone through while users wait.
pub type SettlePlanned = Box<dyn Fn(&Answer, Extent) -> Option<Finding> + Send + Sync>;

/// A rule's judgement: at once, when the rows are known, or when the change is whole.
pub enum Judgement {
    /// It is clear.
    Now(Finding),
    /// It depends on the rows.
    Ask(Probe, Settle),
    /// It depends on the rows, and on the plan of the whole change: how much of the table (by its name before) is gone
    /// through while its users wait, of what the intent alone would bring about.
    Planned(Waiting, SettlePlanned),
    /// It depends on which large tables (by their names before) the whole change locks together: asked if the one named
    /// is among them.
    Together(Ident, fn(&BTreeSet<Ident>) -> Option<Finding>),
    /// It depends on what the later intents do: asked again with the model as the whole change leaves it.
    Whole(fn(&Case) -> Option<Finding>),
}

impl Finding {
    /// Runs, at a cost.
    #[must_use]
    pub fn safe(hazards: &[Hazard], message: impl Into<String>) -> Self {
        Self { verdict: Verdict::Safe, hazards: hazards.to_vec(), message: message.into(), remedy: None }
    }

    /// Says so if not all rows could be looked at. That concerns large tables alone, where rows that
    /// stand against a step make it fail, and the change is taken back.
    pub(super) fn qualified_by(mut self, answer: &Answer) -> Self {
        if answer.unknown && self.remedy.is_none() {
            self.message += "; as far as is known: the time for looking at the rows ran out. If some stand against it, the change is taken back";
        }
        self
    }

    /// Runs when confirmed.
    #[must_use]
    pub fn confirm(hazards: &[Hazard], message: impl Into<String>) -> Self {
        Self { verdict: Verdict::NeedsConfirmation, ..Self::safe(hazards, message) }
    }

    /// Runs when destruction is allowed.
    #[must_use]
    pub fn destructive(hazards: &[Hazard], message: impl Into<String>) -> Self {
        Self { verdict: Verdict::Destructive, ..Self::safe(hazards, message) }
    }

    /// Never runs.
    #[must_use]
    pub fn forbidden(message: impl Into<String>, remedy: impl Into<String>) -> Self {
        let remedy = Some(remedy.into());
        Self { verdict: Verdict::Forbidden, remedy, ..Self::safe(&[], message) }
    }

    /// Whether it guards data: rows would be gone, or stand against it. No policy makes that milder.
    #[must_use]
    pub fn guards_data(&self) -> bool {
        self.remedy.is_some() || self.hazards.contains(&Hazard::DataLoss)
    }

    /// Waits until the rows allow it.
    #[must_use]
    pub fn blocked(message: impl Into<String>, remedy: impl Into<String>) -> Self {
        let remedy = Some(remedy.into());
        Self { verdict: Verdict::NeedsConfirmation, remedy, ..Self::safe(&[Hazard::RefusesWrites], message) }
    }
}

/// What an intent alone goes through.
pub struct Waiting {
    /// Whether there are rows.
    pub probe: Probe,
    /// The table, by its name before the change.
    pub table: Ident,
    /// How much of it.
    pub alone: Extent,
}

impl Judgement {
    /// A judgement that depends on the rows.
    pub fn ask(
        probe: Probe,
        then: impl Fn(&Answer) -> Option<Finding> + Send + Sync + 'static,
    ) -> Option<Self> {
        Some(Self::Ask(probe, Box::new(then)))
    }
}

impl From<Finding> for Option<Judgement> {
    fn from(finding: Finding) -> Self {
        Some(Judgement::Now(finding))
    }
}
