//! A policy file: settings for all organisations, and what differs for some.
//!
//! The host reads the text; here is what it means. An organisation gets the defaults, then each override
//! whose pattern matches its name, the least specific first, so that the most specific has the last word
//! on each key. A name without `*` is the most specific; of two patterns it is the one with more
//! characters besides `*`; of equals, the later in the alphabet.

use std::collections::BTreeMap;
use std::fmt;

use globset::Glob;
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, Visitor};

use super::rules::{RULES, rule};
use super::settings::{ApprovalsLayer, PluginsLayer, ThresholdsLayer, TombstonesLayer};
use super::{Mode, Rule, Settings, Severity};
use crate::ident::{OrgName, quoted};
use crate::near::near;

/// The settings of all organisations of a host.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(from = "File")]
pub struct Policy {
    defaults: Layer,
    /// From the least to the most specific.
    orgs: Vec<(Pattern, Layer)>,
}

/// The keys of a policy file.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
struct File {
    mode: Option<Mode>,
    #[serde(deserialize_with = "severities")]
    rules: BTreeMap<&'static str, Severity>,
    thresholds: ThresholdsLayer,
    approvals: ApprovalsLayer,
    tombstones: TombstonesLayer,
    plugins: PluginsLayer,
    orgs: BTreeMap<Pattern, Layer>,
}

/// What a part of the file sets.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
struct Layer {
    mode: Option<Mode>,
    #[serde(deserialize_with = "severities")]
    rules: BTreeMap<&'static str, Severity>,
    thresholds: ThresholdsLayer,
    approvals: ApprovalsLayer,
    tombstones: TombstonesLayer,
    plugins: PluginsLayer,
}

/// A severity that a mode does not allow: which key of the file sets it, and why it may not.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct TooMild {
    /// The keys that lead to it.
    pub path: Vec<String>,
    /// What is wrong.
    pub message: String,
}

impl Policy {
    /// The policy without a file.
    #[must_use]
    pub fn of(mode: Mode) -> Self {
        Self { defaults: Layer { mode: Some(mode), ..Layer::default() }, orgs: Vec::new() }
    }

    /// The mode that the file sets for all.
    #[must_use]
    pub fn mode(&self) -> Option<Mode> {
        self.defaults.mode
    }

    /// The same, with a mode for those that the file sets none for.
    #[must_use]
    pub fn or_mode(mut self, mode: Option<Mode>) -> Self {
        self.defaults.mode = self.defaults.mode.or(mode);
        self
    }

    /// The settings of an organisation that no pattern matches.
    #[must_use]
    pub fn defaults(&self) -> Settings {
        self.layered(|_| false)
    }

    /// The settings of an organisation.
    #[must_use]
    pub fn of_org(&self, org: &OrgName) -> Settings {
        self.layered(|pattern| pattern.matches(org))
    }

    /// Whether no organisation is run as in production.
    #[must_use]
    pub fn is_dev_throughout(&self) -> bool {
        self.defaults().mode == Mode::Dev && self.orgs.iter().all(|(_, layer)| layer.mode != Some(Mode::Prod))
    }

    /// Each pattern, from the least to the most specific, with the settings of an organisation that it alone matches.
    pub fn patterns(&self) -> impl Iterator<Item = (&str, Settings)> {
        self.orgs.iter().map(|(pattern, _)| (pattern.0.as_str(), self.layered(|p| p == pattern)))
    }

    fn layered(&self, counts: impl Fn(&Pattern) -> bool) -> Settings {
        let mut settings = Settings::default();
        self.defaults.lay_over(&mut settings);
        self.orgs.iter().filter(|(p, _)| counts(p)).for_each(|(_, layer)| layer.lay_over(&mut settings));
        settings
    }

    /// Checks what parsing cannot: that no rule is milder than the mode allows where both are set apart.
    ///
    /// # Errors
    /// The first [`TooMild`].
    pub fn check(&self) -> Result<(), TooMild> {
        let layers = std::iter::once((None, self.defaults()));
        for (pattern, settings) in layers.chain(self.patterns().map(|(p, s)| (Some(p), s))) {
            for (name, severity) in &settings.rules {
                if let Some(why) = rule(name).and_then(|r| too_mild(r, *severity, settings.mode)) {
                    return Err(self.too_mild(pattern, name, why));
                }
            }
        }
        Ok(())
    }

    fn too_mild(&self, pattern: Option<&str>, rule: &str, why: String) -> TooMild {
        let keys = |keys: &[&str]| keys.iter().map(|key| (*key).to_owned()).collect();
        let Some(pattern) = pattern else { return TooMild { path: keys(&["rules", rule]), message: why } };
        let own = self.orgs.iter().any(|(p, layer)| p.0 == pattern && layer.rules.contains_key(rule));
        let path = if own { keys(&["orgs", pattern, "rules", rule]) } else { keys(&["rules", rule]) };
        TooMild { path, message: format!("for \"{pattern}\": {why}") }
    }
}

impl From<File> for Policy {
    fn from(file: File) -> Self {
        let File { mode, rules, thresholds, approvals, tombstones, plugins, orgs } = file;
        let mut orgs: Vec<_> = orgs.into_iter().collect();
        orgs.sort_by(|(a, _), (b, _)| a.specificity().cmp(&b.specificity()));
        Self { defaults: Layer { mode, rules, thresholds, approvals, tombstones, plugins }, orgs }
    }
}

impl Layer {
    fn lay_over(&self, settings: &mut Settings) {
        let Self { mode, rules, thresholds, approvals, tombstones, plugins } = self;
        settings.mode = mode.unwrap_or(settings.mode);
        settings.rules.extend(rules);
        thresholds.lay_over(&mut settings.thresholds);
        approvals.lay_over(&mut settings.approvals);
        tombstones.lay_over(&mut settings.tombstones);
        plugins.lay_over(&mut settings.plugins);
    }
}

/// Why a rule may not be set so, if it may not.
fn too_mild(rule: &Rule, severity: Severity, mode: Mode) -> Option<String> {
    let floor = rule.floor_in(mode);
    let why = match severity < rule.floor {
        true => rule.floor_reason(),
        false => "in prod mode nothing but what is safe runs by itself",
    };
    (severity < floor).then(|| {
        let allowed: Vec<_> =
            Severity::ALL.into_iter().filter(|s| *s >= floor).map(Severity::as_str).collect();
        let (name, set) = (rule.name(), severity.as_str());
        format!("the rule \"{name}\" cannot be \"{set}\": {why}; it can be {}", allowed.join(", "))
    })
}

/// The name of an organisation, or a pattern of names in which `*` stands for any characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
struct Pattern(String);

impl Pattern {
    fn matches(&self, org: &OrgName) -> bool {
        Glob::new(&self.0).is_ok_and(|glob| glob.compile_matcher().is_match(org.as_str()))
    }

    fn specificity(&self) -> (bool, usize, &str) {
        (!self.0.contains('*'), self.0.chars().filter(|c| *c != '*').count(), &self.0)
    }
}

impl TryFrom<String> for Pattern {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let legal = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-' | '*');
        match (1..=63).contains(&text.len()) && text.chars().all(legal) {
            true => Ok(Self(text)),
            false => {
                let text: String = text.chars().take(63).collect();
                Err(format!(
                    "{} is not an organisation's name (a-z 0-9 _ -) or a pattern of names with *",
                    quoted(&text)
                ))
            }
        }
    }
}

/// Reads the severities of rules; what is wrong is told of the key or value that is wrong, so that its line is known.
fn severities<'de, D: Deserializer<'de>>(from: D) -> Result<BTreeMap<&'static str, Severity>, D::Error> {
    struct Rules;

    impl<'de> Visitor<'de> for Rules {
        type Value = BTreeMap<&'static str, Severity>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("rules with their severities")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut all = BTreeMap::new();
            while let Some(rule) = map.next_key_seed(RuleName)? {
                all.insert(rule.name(), map.next_value_seed(SeverityOf(rule))?);
            }
            Ok(all)
        }
    }

    from.deserialize_map(Rules)
}

struct RuleName;

impl<'de> DeserializeSeed<'de> for RuleName {
    type Value = &'static Rule;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Self::Value, D::Error> {
        let text = String::deserialize(from)?;
        rule(&text).ok_or_else(|| D::Error::custom(unknown_rule(&text)))
    }
}

struct SeverityOf(&'static Rule);

impl<'de> DeserializeSeed<'de> for SeverityOf {
    type Value = Severity;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Severity, D::Error> {
        let severity = Severity::deserialize(from)?;
        // Which mode is meant is not known yet: dev is the milder one.
        too_mild(self.0, severity, Mode::Dev).map_or(Ok(severity), |why| Err(D::Error::custom(why)))
    }
}

/// What to say of a rule that there is not, with what may have been meant.
#[must_use]
pub fn unknown_rule(name: &str) -> String {
    let name: String = name.chars().take(60).collect();
    let near = near(name.trim_start_matches("policy/"), RULES.iter().map(|r| r.name()));
    let meant = match near.as_slice() {
        [] => "list them: hookwright policy list".to_owned(),
        names => {
            format!("did you mean {}?", names.iter().map(|n| quoted(n)).collect::<Vec<_>>().join(" or "))
        }
    };
    format!("there is no rule {}; {meant}", quoted(&name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value as Json, json};

    fn policy(file: Json) -> Policy {
        serde_json::from_value(file).expect("a policy")
    }

    fn refused(file: Json) -> String {
        match serde_json::from_value::<Policy>(file) {
            Ok(policy) => policy.check().expect_err("refused").to_string(),
            Err(error) => error.to_string(),
        }
    }

    fn of(policy: &Policy, org: &str) -> Settings {
        policy.of_org(&OrgName::parse(org).expect("a name"))
    }

    #[test]
    fn the_most_specific_has_the_last_word_on_each_key() {
        let policy = policy(json!({
            "rules": {"drop-index": "advice"},
            "thresholds": {"large-table-rows": 1},
            "orgs": {
                "*": {"mode": "prod", "thresholds": {"large-table-rows": 2, "large-table-bytes": 2}},
                "acme-*": {"thresholds": {"large-table-rows": 3}, "rules": {"drop-index": "destructive"}},
                "acme-corp": {"mode": "dev"},
            }
        }));
        let corp = of(&policy, "acme-corp");
        assert_eq!((corp.mode, corp.rules["drop-index"]), (Mode::Dev, Severity::Destructive));
        assert_eq!((corp.thresholds.large_table_rows, corp.thresholds.large_table_bytes), (3, 2));
        assert_eq!(of(&policy, "other").mode, Mode::Prod);
        assert_eq!(policy.defaults().thresholds.large_table_rows, 1);
        let order: Vec<_> = policy.patterns().map(|(p, _)| p.to_owned()).collect();
        assert_eq!(order, ["*", "acme-*", "acme-corp"]);
    }

    #[test]
    fn refusals_say_what_is_allowed() {
        let all = [
            refused(json!({"rules": {"drop-colum": "confirm"}})),
            refused(json!({"rules": {"drop-column": "confirm"}})),
            refused(json!({"rules": {"set-not-null": "off"}})),
            refused(json!({"rules": {"drop-index": "loud"}})),
            refused(json!({"mode": "prod", "rules": {"rename-table": "advice"}})),
            refused(json!({"rules": {"rename-table": "advice"}, "orgs": {"live": {"mode": "prod"}}})),
            refused(json!({"orgs": {"Acme": {}}})),
            refused(json!({"orgs": {"acme": {"orgs": {}}}})),
            refused(json!({"thresholds": {"large-tabel-rows": 1}})),
            refused(json!({"thresholds": {"backfill-batch-rows": 0}})),
            refused(json!({"approvals": {"destructive": "me"}})),
            refused(json!({"mode": "test"})),
        ];
        insta::assert_snapshot!(all.join("\n"));
    }

    #[test]
    fn an_override_tells_where_it_is_too_mild() {
        let policy = policy(json!({"mode": "prod", "orgs": {"a*": {"rules": {"drop-index": "off"}}}}));
        assert_eq!(policy.check().expect_err("too mild").path, ["orgs", "a*", "rules", "drop-index"]);
        // Where two patterns meet, the floor of the mode holds all the same.
        let policy =
            self::policy(json!({"orgs": {"a*": {"rules": {"drop-index": "off"}}, "*b": {"mode": "prod"}}}));
        policy.check().expect("each by itself is allowed");
        let rule = rule("drop-index").expect("a rule");
        assert_eq!(of(&policy, "ab").severity(rule), Some(Severity::Confirm));
    }
}
