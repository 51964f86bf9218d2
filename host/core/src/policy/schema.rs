//! The JSON Schema of a policy file, made of the rules and the sections of the settings.

use serde_json::{Map, Value as Json, json};

use super::rules::RULES;
use super::settings::{ApprovalsLayer, PluginsLayer, ThresholdsLayer, TombstonesLayer};
use super::{Mode, Rule, Severity};

/// Where the schema is published.
const ID: &str = "https://github.com/hookwright/hookwright/blob/main/docs/policy.schema.json";

/// The JSON Schema of a policy file (draft 2020-12).
#[must_use]
pub fn schema() -> Json {
    let definitions = definitions();
    let mut keys = references(&definitions);
    let orgs = json!({
        "description": "What differs for some organisations, by their names or patterns of names in which * stands for any characters.",
        "type": "object",
        "propertyNames": {"pattern": "^[a-z0-9_*-]{1,63}$"},
        "additionalProperties": object("What differs for these organisations.", references(&definitions)),
    });
    keys.insert("orgs".into(), orgs);
    let about = "How strict Hookwright is: rules, thresholds, approvals, and what differs by organisation.";
    let mut schema = object(about, keys);
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema".into();
    schema["$id"] = ID.into();
    schema["title"] = "Hookwright policy".into();
    schema["$defs"] = definitions.into();
    schema
}

/// The keys that a file has for all organisations, and again for some.
fn references(definitions: &Map<String, Json>) -> Map<String, Json> {
    definitions.keys().map(|key| (key.clone(), json!({"$ref": format!("#/$defs/{key}")}))).collect()
}

fn definitions() -> Map<String, Json> {
    let mode = json!({
        "description": "dev: what only loosens runs by itself. prod: nothing but what is safe does.",
        "enum": [Mode::Dev, Mode::Prod],
        "default": Mode::default(),
    });
    let rules = RULES.iter().map(|rule| (rule.name().to_owned(), severities(rule))).collect();
    let sections = [
        ("mode", mode),
        (
            "rules",
            object(
                "How severe the findings of each rule are; a rule that is left out judges by itself.",
                rules,
            ),
        ),
        ("thresholds", ThresholdsLayer::schema()),
        ("approvals", ApprovalsLayer::schema()),
        ("tombstones", TombstonesLayer::schema()),
        ("plugins", PluginsLayer::schema()),
    ];
    sections.into_iter().map(|(key, shape)| (key.to_owned(), shape)).collect()
}

fn severities(rule: &Rule) -> Json {
    let allowed: Vec<_> = Severity::ALL.into_iter().filter(|s| *s >= rule.floor).collect();
    json!({"description": rule.what, "enum": allowed})
}

fn object(description: &str, keys: Map<String, Json>) -> Json {
    json!({"description": description, "type": "object", "additionalProperties": false, "properties": keys})
}
