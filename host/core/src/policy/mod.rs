//! The safe-pattern policy: what may run by itself, what waits, what never runs.
//!
//! An intent is judged as it is proposed ([`Draft`]). Where the answer depends
//! on the rows, the judgement names a [`Probe`]; the host asks the database,
//! and [`review`] decides. Only [`review`] can make an [`ApprovedPlan`]. How strict
//! each rule is, an organisation's [`Settings`] say, which a [`Policy`] file may set.

mod coming;
mod draft;
mod file;
mod integrity;
mod probe;
mod review;
mod rule;
pub mod rules;
mod schema;
mod settings;
#[cfg(test)]
mod testing;

use serde::{Deserialize, Serialize};

pub use draft::{Draft, Mark, Refusal};
pub use file::{Policy, TooMild, unknown_rule};
pub use probe::{Answer, Answers, Probe, Thing};
pub use review::{ApprovedPlan, Decision, Judged, Note, Reason, Review, review};
pub use rule::{Case, Finding, Judgement, Rule, Waiting};
pub use schema::schema;
pub use settings::{Approval, Approvals, Mode, Plugins, Purging, Settings, Severity, Thresholds, Tombstones};

/// What the policy says of an intent, from mild to final.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Runs.
    Safe,
    /// Runs when confirmed.
    NeedsConfirmation,
    /// Runs only when destruction is allowed.
    Destructive,
    /// Never runs.
    Forbidden,
}

impl Verdict {
    /// The verdict's name in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Safe => "safe",
            Self::NeedsConfirmation => "needs-confirmation",
            Self::Destructive => "destructive",
            Self::Forbidden => "forbidden",
        }
    }
}

/// What running an intent costs or endangers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Hazard {
    /// Rows or values are gone afterwards.
    DataLoss,
    /// The table is written anew while nobody can use it.
    Rewrite,
    /// The table is read in full under a lock.
    Scan,
    /// Programs that use the old name or shape fail.
    BreaksReaders,
    /// Rows that were refused before are accepted.
    LosesGuarantee,
    /// Rows that were accepted before are refused.
    RefusesWrites,
}

impl Hazard {
    /// The hazard's name in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::DataLoss => "data-loss",
            Self::Rewrite => "rewrite",
            Self::Scan => "scan",
            Self::BreaksReaders => "breaks-readers",
            Self::LosesGuarantee => "loses-guarantee",
            Self::RefusesWrites => "refuses-writes",
        }
    }
}
