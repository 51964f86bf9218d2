//! Unknown keys: every one is an error that names it and what it may have meant.

use hookwright_core::near::near;
use toml::{Table, Value};

use crate::error::{Error, Result};

/// Checks that every key of `given` is one of `known`, in every section.
pub(super) fn unknown_keys(given: &Table, known: &Table, source: &str) -> Result<()> {
    for (key, value) in given {
        match (known.get(key), value) {
            (None, _) => return Err(unknown(key, known, source, "")),
            (Some(Value::Table(section)), Value::Table(inner)) => {
                if let Some(bad) = inner.keys().find(|k| !section.contains_key(*k)) {
                    return Err(unknown(bad, section, source, &format!("{key}.")));
                }
            }
            _ => {}
        }
    }
    Ok(())
}

fn unknown(key: &str, known: &Table, source: &str, section: &str) -> Error {
    let key = key.escape_default();
    let message = format!("the key \"{section}{key}\" in {source} is not known");
    let keys: Vec<_> = known.keys().map(String::as_str).collect();
    Error::new("config/invalid", message).help(suggest(&key.to_string(), &keys, section))
}

/// What to write instead: the nearest of `known`, or all of them.
pub(super) fn suggest(wrong: &str, known: &[&str], prefix: &str) -> String {
    match near(wrong, known.iter().copied()).first() {
        Some(key) => format!("did you mean \"{prefix}{key}\"?"),
        None if known.len() > 12 => "take it out; see the documentation for what there is".to_owned(),
        None => {
            let all: Vec<_> = known.iter().map(|k| format!("{prefix}{k}")).collect();
            format!("take it out, or use one of {}", all.join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suggests_what_is_near_or_all() {
        let known = ["listen", "body_limit_bytes"];
        assert_eq!(suggest("lisen", &known, "http."), "did you mean \"http.listen\"?");
        assert!(suggest("zzz", &known, "").contains("one of listen, body_limit_bytes"));
    }
}
