//! What a policy sets for an organisation: how strict each rule is, from when a table counts as large,
//! who must approve, how long dropped things are kept.
//!
//! [`super::Policy`] works these out from a policy file; [`super::Draft`] and [`super::review`] judge by
//! them. Each key stands here once: its documentation, its default, the JSON Schema and the layer of a
//! file that may leave it out all come from the same lines.

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use super::{Finding, Rule, Verdict};

/// How an organisation is run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// What only loosens runs by itself.
    #[default]
    Dev,
    /// Nothing but what is safe runs by itself.
    Prod,
}

impl Mode {
    /// The mode's name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Dev => "dev",
            Self::Prod => "prod",
        }
    }
}

/// What a policy makes of a rule's findings, from mild to final.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Nothing: the rule is silent.
    Off,
    /// They are reported and hold nothing up.
    Advice,
    /// They need a confirmation.
    Confirm,
    /// They need leave to destroy.
    Destructive,
    /// They refuse the change.
    Forbid,
}

impl Severity {
    /// Every severity, from mild to final.
    pub const ALL: [Self; 5] = [Self::Off, Self::Advice, Self::Confirm, Self::Destructive, Self::Forbid];

    /// The severity's name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Advice => "advice",
            Self::Confirm => "confirm",
            Self::Destructive => "destructive",
            Self::Forbid => "forbid",
        }
    }

    /// The verdict it gives; none if the rule is silent.
    fn verdict(self) -> Option<Verdict> {
        match self {
            Self::Off => None,
            Self::Advice => Some(Verdict::Safe),
            Self::Confirm => Some(Verdict::NeedsConfirmation),
            Self::Destructive => Some(Verdict::Destructive),
            Self::Forbid => Some(Verdict::Forbidden),
        }
    }
}

/// Whose approval a verdict needs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Approval {
    /// Nobody's but the sender's: consent in the event is enough.
    #[default]
    None,
    /// That of somebody other than the sender.
    SecondActor,
}

/// When dropped things that are kept past their time are purged.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Purging {
    /// When somebody asks for it.
    #[default]
    Manual,
    /// By a serving host, once their time is over.
    Expired,
}

/// What a key may hold, as JSON Schema.
trait Shape {
    fn shape() -> Json;
}

impl Shape for u32 {
    fn shape() -> Json {
        json!({"type": "integer", "minimum": 0, "maximum": u32::MAX})
    }
}

impl Shape for u64 {
    fn shape() -> Json {
        json!({"type": "integer", "minimum": 0})
    }
}

impl Shape for NonZeroU32 {
    fn shape() -> Json {
        json!({"type": "integer", "minimum": 1, "maximum": u32::MAX})
    }
}

impl Shape for bool {
    fn shape() -> Json {
        json!({"type": "boolean"})
    }
}

impl Shape for Approval {
    fn shape() -> Json {
        json!({"enum": ["none", "second-actor"]})
    }
}

impl Shape for Purging {
    fn shape() -> Json {
        json!({"enum": ["manual", "expired"]})
    }
}

/// A section of the settings, and its layer: the same keys, each of which a file may leave out.
macro_rules! section {
    (
        $(#[doc = $about:literal])+
        $name:ident, $layer:ident {
            $($(#[doc = $doc:literal])+ $field:ident: $type:ty = $default:expr;)+
        }
    ) => {
        $(#[doc = $about])+
        #[derive(Debug, Clone, PartialEq, Eq, Serialize)]
        #[serde(rename_all = "kebab-case")]
        pub struct $name { $($(#[doc = $doc])+ pub $field: $type),+ }

        impl Default for $name {
            fn default() -> Self {
                Self { $($field: $default),+ }
            }
        }

        #[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
        #[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
        pub(super) struct $layer { $($field: Option<$type>),+ }

        impl $layer {
            pub(super) fn lay_over(&self, settings: &mut $name) {
                $(if let Some(value) = self.$field { settings.$field = value; })+
            }

            pub(super) fn schema() -> Json {
                let mut keys = serde_json::Map::new();
                $({
                    let mut key = <$type>::shape();
                    key["description"] = concat!($($doc),+).trim().into();
                    key["default"] = json!($name::default().$field);
                    keys.insert(stringify!($field).replace('_', "-"), key);
                })+
                let about = concat!($($about),+).trim();
                json!({"description": about, "type": "object", "additionalProperties": false, "properties": keys})
            }
        }
    };
}

section! {
    /// From when something is too much.
    Thresholds, ThresholdsLayer {
        /// Rows from which a table is changed by the online pattern: so many are read in a tenth of a second,
        /// which is what readers and writers may be made to wait.
        large_table_rows: u64 = 100_000;
        /// Bytes from which a table is changed by the online pattern, however few rows it has:
        /// so many are read in a tenth of a second from a fast disk (64 MiB).
        large_table_bytes: u64 = 64 * 1024 * 1024;
        /// Rows that one step of a backfill writes: few enough that nobody waits long for their locks, enough that
        /// the commits do not cost more than the writing.
        backfill_batch_rows: NonZeroU32 = const { NonZeroU32::new(2_000).expect("not zero") };
        /// Most columns of an index that gets no advice: each costs every write, and few searches use a fourth.
        max_index_columns: NonZeroU32 = const { NonZeroU32::new(3).expect("not zero") };
    }
}

section! {
    /// Who must approve what is held.
    Approvals, ApprovalsLayer {
        /// Whose approval it takes to destroy data.
        destructive: Approval = Approval::None;
        /// Whose approval it takes for what needs a confirmation.
        confirmation: Approval = Approval::None;
    }
}

section! {
    /// What becomes of dropped tables and columns.
    Tombstones, TombstonesLayer {
        /// Days that a dropped thing can be restored; 0 drops it at once. A month covers the reports that run once a
        /// month, which are the last to miss a column.
        keep_days: u32 = 30;
        /// What purges them when that time is over: nobody but people who ask for it, or a serving host by itself.
        purge: Purging = Purging::Manual;
    }
}

section! {
    /// What is asked of plugins.
    Plugins, PluginsLayer {
        /// Whether a plugin is bound and loaded only if it is signed with a key of the organisation
        /// (hookwright plugin sign, plugin key add).
        require_signed: bool = false;
    }
}

/// What a policy sets for an organisation.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Settings {
    /// How the organisation is run.
    pub mode: Mode,
    /// The severity of rules, by their names (the code without `policy/`). A rule that is not here judges by itself.
    pub rules: BTreeMap<&'static str, Severity>,
    /// From when something is too much.
    pub thresholds: Thresholds,
    /// Who must approve what is held.
    pub approvals: Approvals,
    /// What becomes of dropped tables and columns.
    pub tombstones: Tombstones,
    /// What is asked of plugins.
    pub plugins: Plugins,
}

impl Settings {
    /// The settings without a policy file.
    #[must_use]
    pub fn of(mode: Mode) -> Self {
        Self { mode, ..Self::default() }
    }

    /// The severity that is set for a rule, at least its floor; none if the rule judges by itself.
    #[must_use]
    pub fn severity(&self, rule: &Rule) -> Option<Severity> {
        self.rules.get(rule.name()).map(|set| (*set).max(rule.floor_in(self.mode)))
    }

    /// What is to be made of a rule's finding; none if the rule is to be silent.
    ///
    /// What guards data is never made milder than the rule found it.
    pub(super) fn weigh(&self, rule: &Rule, finding: Finding) -> Option<Finding> {
        let Some(severity) = self.severity(rule) else { return Some(finding) };
        let verdict = match (severity.verdict(), finding.guards_data()) {
            (None, false) => return None,
            (None, true) => finding.verdict,
            (Some(set), false) => set,
            (Some(set), true) => set.max(finding.verdict),
        };
        Some(Finding { verdict, ..finding })
    }

    /// Whether a verdict takes the approval of somebody other than the sender.
    #[must_use]
    pub fn needs_second_actor(&self, verdict: Verdict) -> bool {
        let approval = match verdict {
            Verdict::Safe | Verdict::Forbidden => Approval::None,
            Verdict::NeedsConfirmation => self.approvals.confirmation,
            Verdict::Destructive => self.approvals.destructive,
        };
        approval == Approval::SecondActor
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Hazard;
    use crate::policy::rules::rule;

    fn set(mode: Mode, name: &'static str, severity: Severity) -> Settings {
        Settings { rules: [(name, severity)].into(), ..Settings::of(mode) }
    }

    fn verdict(settings: &Settings, name: &str, finding: Finding) -> Option<Verdict> {
        settings.weigh(rule(name).expect("a rule"), finding).map(|f| f.verdict)
    }

    #[test]
    fn a_finding_gets_the_verdict_that_is_set() {
        let found = || Finding::confirm(&[Hazard::BreaksReaders], "x");
        let renamed =
            |severity| verdict(&set(Mode::Dev, "rename-column", severity), "rename-column", found());
        assert_eq!(verdict(&Settings::default(), "rename-column", found()), Some(Verdict::NeedsConfirmation));
        assert_eq!(renamed(Severity::Advice), Some(Verdict::Safe));
        assert_eq!(renamed(Severity::Destructive), Some(Verdict::Destructive));
        assert_eq!(renamed(Severity::Forbid), Some(Verdict::Forbidden));
    }

    #[test]
    fn what_guards_data_is_never_milder_than_it_was_found() {
        let lossy = || Finding::destructive(&[Hazard::DataLoss], "x");
        let confirm = set(Mode::Dev, "change-type", Severity::Confirm);
        assert_eq!(verdict(&confirm, "change-type", lossy()), Some(Verdict::Destructive));
        let off = set(Mode::Dev, "set-not-null", Severity::Off);
        let blocked = Finding::blocked("x", "y");
        assert_eq!(verdict(&off, "set-not-null", blocked), Some(Verdict::NeedsConfirmation));
    }

    #[test]
    fn prod_cannot_be_talked_into_more_than_advice() {
        let found = Finding::confirm(&[], "x");
        let off = set(Mode::Prod, "drop-index", Severity::Off);
        assert_eq!(verdict(&off, "drop-index", found.clone()), Some(Verdict::NeedsConfirmation));
        assert_eq!(verdict(&Settings { mode: Mode::Dev, ..off }, "drop-index", found), None);
    }

    #[test]
    fn a_second_actor_is_asked_for_where_it_is_set() {
        let approvals = Approvals { destructive: Approval::SecondActor, ..Approvals::default() };
        let settings = Settings { approvals, ..Settings::default() };
        assert!(settings.needs_second_actor(Verdict::Destructive));
        assert!(!settings.needs_second_actor(Verdict::NeedsConfirmation));
    }
}
