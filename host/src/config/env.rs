//! `HOOKWRIGHT_SECTION__KEY=value` over the file. The value is read as the type its default has.

use toml::{Table, Value};

use super::check::suggest;
use crate::error::{Error, Result};

const PREFIX: &str = "HOOKWRIGHT_";
/// Variables that are not keys of the configuration: read by the CLI, the plugin build and the tests.
const OTHERS: &[&str] =
    &["HOOKWRIGHT_CONFIG", "HOOKWRIGHT_WASM_TOOLCHAIN", "HOOKWRIGHT_PLUGINS", "HOOKWRIGHT_BIN"];
const TESTS: &str = "HOOKWRIGHT_TEST_";

/// Puts the variables over `given`; `known` tells which keys there are.
pub(super) fn overlay(
    given: &mut Table,
    known: &Table,
    variables: impl Iterator<Item = (String, String)>,
) -> Result<()> {
    let ours = variables.filter(|(name, _)| {
        name.starts_with(PREFIX) && !name.starts_with(TESTS) && !OTHERS.contains(&name.as_str())
    });
    for (name, text) in ours {
        let path = name[PREFIX.len()..].to_lowercase();
        let (section, key) = match path.split_once("__") {
            Some((section, key)) => (Some(section), key),
            None => (None, path.as_str()),
        };
        let value = typed(&name, &text, find(known, section, key).ok_or_else(|| unknown(&name, known))?)?;
        put(given, section, key, value, &name)?;
    }
    Ok(())
}

fn find<'a>(known: &'a Table, section: Option<&str>, key: &str) -> Option<&'a Value> {
    let table = match section {
        Some(section) => known.get(section)?.as_table()?,
        None => known,
    };
    table.get(key).filter(|v| !v.is_table())
}

fn typed(name: &str, text: &str, like: &Value) -> Result<Value> {
    let wrong = |what: &str| {
        let message = format!("the variable {name} is {}, wanted {what}", text.escape_default());
        Error::new("config/invalid", message).help("correct the variable, or unset it")
    };
    match like {
        Value::Integer(_) => text.parse().map(Value::Integer).map_err(|_| wrong("a whole number")),
        Value::Boolean(_) => text.parse().map(Value::Boolean).map_err(|_| wrong("true or false")),
        _ => Ok(Value::String(text.to_owned())),
    }
}

fn put(given: &mut Table, section: Option<&str>, key: &str, value: Value, name: &str) -> Result<()> {
    let table = match section {
        None => given,
        Some(section) => {
            let inner = given.entry(section).or_insert_with(|| Value::Table(Table::new()));
            inner.as_table_mut().ok_or_else(|| {
                let message = format!("\"{section}\" in the file is not a section, but {name} is set");
                Error::new("config/invalid", message).help(format!("write [{section}] in the file"))
            })?
        }
    };
    table.insert(key.to_owned(), value);
    Ok(())
}

fn unknown(name: &str, known: &Table) -> Error {
    let names = variables(known);
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    let help = suggest(&name[PREFIX.len()..], &names, PREFIX);
    Error::new("config/invalid", format!("the variable {} is not known", name.escape_default())).help(help)
}

/// Every variable there is, without the prefix.
fn variables(known: &Table) -> Vec<String> {
    let mut names = Vec::new();
    for (key, value) in known {
        match value {
            Value::Table(section) => {
                names.extend(section.keys().map(|k| format!("{key}__{k}").to_uppercase()));
            }
            _ => names.push(key.to_uppercase()),
        }
    }
    names
}
