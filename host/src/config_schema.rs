//! What a plugin's configuration is held against: the JSON Schema of its manifest, which is hostile until proven otherwise.
//!
//! A schema that refers to parts of itself can come to any size though it is short, and checking against it takes as long as
//! it is. `host_admin.rs` alone calls it.

use hookwright_core::ident::quoted;
use serde_json::Value as Json;

use crate::error::{Error, Result};

/// Parts that a schema may come to with all that it refers to put in its place.
const MOST_PARTS: usize = 20_000;
/// References within what is referred to.
const MOST_DEEP: usize = 32;
/// Keywords by which a schema refers to something that is not told by a pointer.
const UNTOLD: [&str; 5] = ["$anchor", "$dynamicAnchor", "$dynamicRef", "$id", "$recursiveRef"];

/// A plugin's configuration must be what its manifest says it takes.
///
/// # Errors
/// `plugin/bad-manifest`, `config/invalid`.
pub(crate) fn check(schema: Option<&Json>, config: &Json) -> Result<()> {
    if !config.is_object() {
        return Err(Error::new("config/invalid", "a plugin's configuration is a JSON object; give one"));
    }
    let Some(schema) = schema else { return Ok(()) };
    bounded(schema).map_err(|why| bad_manifest(&why))?;
    let validator = jsonschema::validator_for(schema).map_err(|e| bad_manifest(&e.to_string()))?;
    match validator.iter_errors(config).next() {
        None => Ok(()),
        Some(error) => {
            Err(Error::new("config/invalid", format!("the plugin does not take this configuration: {error}"))
                .at(error.instance_path().to_string()))
        }
    }
}

fn bad_manifest(why: &str) -> Error {
    Error::new("plugin/invalid", format!("the manifest's config schema cannot be used: {why}"))
        .coded("plugin/bad-manifest")
        .help("correct \"config-schema\" in the plugin's manifest, then build the plugin again")
}

fn bounded(schema: &Json) -> Result<(), String> {
    let mut left = MOST_PARTS;
    count(schema, schema, MOST_DEEP, &mut left)
}

/// Goes through a schema as checking against it does: into what it refers to, each time anew.
fn count(root: &Json, at: &Json, deep: usize, left: &mut usize) -> Result<(), String> {
    let too_large = || format!("with what it refers to it has more than {MOST_PARTS} parts");
    *left = left.checked_sub(1).ok_or_else(too_large)?;
    match at {
        Json::Array(items) => items.iter().try_for_each(|item| count(root, item, deep, left)),
        Json::Object(map) => {
            let is_own_name = |key: &&String| *key == "$id" && std::ptr::eq(root, at);
            if let Some(word) =
                map.keys().filter(|key| !is_own_name(key)).find(|key| UNTOLD.contains(&key.as_str()))
            {
                return Err(format!("\"{word}\" is not taken; refer to \"#/$defs/NAME\""));
            }
            if let Some(Json::String(to)) = map.get("$ref") {
                let pointer = to
                    .strip_prefix('#')
                    .ok_or_else(|| format!("{} is not within it; refer to \"#/$defs/NAME\"", quoted(to)))?;
                let target = root.pointer(pointer).ok_or_else(|| format!("there is no {}", quoted(to)))?;
                let deep = deep.checked_sub(1).ok_or("it refers to itself, or more than 32 times on")?;
                count(root, target, deep, left)?;
            }
            map.values().try_for_each(|value| count(root, value, deep, left))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_a_schema_comes_to_is_bounded() {
        let twice = |of: usize| json!({"allOf": [{"$ref": format!("#/$defs/d{of}")}, {"$ref": format!("#/$defs/d{of}")}]});
        let defs = |levels: usize| {
            let mut defs: serde_json::Map<_, _> =
                (1..levels).map(|n| (format!("d{n}"), twice(n - 1))).collect();
            defs.insert("d0".into(), json!({"type": "object"}));
            json!({"$ref": format!("#/$defs/d{}", levels - 1), "$defs": defs})
        };
        assert!(check(Some(&defs(4)), &json!({})).is_ok());
        for schema in [
            defs(40),
            json!({"properties": {"a": {"$ref": "#"}}}),
            json!({"$ref": "http://127.0.0.1/x"}),
            json!({"$ref": "#/$defs/none"}),
            json!({"$defs": {"a": {"$anchor": "a"}}}),
        ] {
            let error = check(Some(&schema), &json!({"a": 1})).expect_err("refused");
            assert_eq!(error.code, "plugin/bad-manifest", "{error}");
        }
    }

    #[test]
    fn a_configuration_is_what_its_schema_says() {
        let schema = json!({"properties": {"mode": {"$ref": "#/$defs/mode"}}, "$defs": {"mode": {"enum": ["a", "b"]}}});
        assert!(check(Some(&schema), &json!({"mode": "a"})).is_ok());
        let error = check(Some(&schema), &json!({"mode": "c"})).expect_err("refused");
        assert_eq!((error.code.as_str(), error.pointer.as_deref()), ("config/invalid", Some("/mode")));
        assert_eq!(check(None, &json!([])).expect_err("refused").code, "config/invalid");
    }
}
