//! Whether a component keeps to the hook contract: what it may import, what it must export, in which version.
//!
//! `load.rs` asks. Pure.

use super::load::LoadError;

/// The hook contract that this host speaks: it serves all plugins of this major version up to this minor one.
const SPOKEN: (u64, u64) = (1, 0);
const PACKAGE: &str = "hookwright:hooks/";
const OFFERED: [&str; 3] = ["host", "intents", "types"];
const WANTED: [&str; 2] = ["entity-hooks", "field-hooks"];
/// Parts of the system interface that have an empty stand-in.
const SYSTEM: [&str; 6] = ["cli", "clocks", "filesystem", "io", "random", "sockets"];

/// Checks the imports; says whether the system interface is among them.
pub(super) fn imports<'a>(names: impl Iterator<Item = &'a str>) -> Result<bool, LoadError> {
    let (mut system, mut foreign) = (false, Vec::new());
    for name in names {
        if is_system(name) {
            system = true;
        } else if !is_offered(name)? {
            foreign.push(format!("\"{}\"", name.escape_default()));
        }
    }
    match foreign.is_empty() {
        true => Ok(system),
        false => Err(LoadError::Import { what: format!("it imports {}", foreign.join(", ")) }),
    }
}

/// Checks that every hook interface is exported, in a version this host speaks.
pub(super) fn exports<'a>(names: impl Iterator<Item = &'a str>) -> Result<(), LoadError> {
    let names: Vec<_> = names.filter_map(split).collect();
    for wanted in WANTED {
        let of_it = names.iter().filter(|(interface, _)| *interface == wanted);
        let found: Vec<_> = of_it.map(|(_, version)| speaks(version)).collect();
        if !found.iter().any(Result::is_ok) {
            let missing =
                || Err(LoadError::Export { what: format!("it does not export \"{PACKAGE}{wanted}\"") });
            return found.into_iter().next().unwrap_or_else(missing);
        }
    }
    Ok(())
}

fn is_offered(name: &str) -> Result<bool, LoadError> {
    match split(name) {
        Some((interface, version)) if OFFERED.contains(&interface) => speaks(version).map(|()| true),
        _ => Ok(false),
    }
}

fn is_system(name: &str) -> bool {
    let rest = name.strip_prefix("wasi:").and_then(|rest| rest.split_once('/'));
    let Some((package, rest)) = rest else { return false };
    SYSTEM.contains(&package) && rest.split_once('@').is_some_and(|(_, v)| v.starts_with("0.2."))
}

fn split(name: &str) -> Option<(&str, &str)> {
    name.strip_prefix(PACKAGE)?.split_once('@')
}

fn speaks(version: &str) -> Result<(), LoadError> {
    let (major, newest) = SPOKEN;
    let mut parts = version.split('.').map(str::parse::<u64>);
    match (parts.next(), parts.next()) {
        (Some(Ok(of)), Some(Ok(minor))) if of == major && (0..=newest).contains(&minor) => Ok(()),
        _ => Err(LoadError::Contract {
            found: version.escape_default().to_string(),
            spoken: format!("{major}.{newest}"),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn imported(names: &[&str]) -> Result<bool, &'static str> {
        imports(names.iter().copied()).map_err(|e| e.code())
    }

    fn exported(names: &[&str]) -> Result<(), &'static str> {
        exports(names.iter().copied()).map_err(|e| e.code())
    }

    #[test]
    fn only_what_is_offered_is_imported() {
        assert_eq!(imported(&["hookwright:hooks/host@1.0.0", "hookwright:hooks/types@1.0.3"]), Ok(false));
        assert_eq!(imported(&["hookwright:hooks/host@1.0.0", "wasi:io/streams@0.2.6"]), Ok(true));
        assert_eq!(imported(&["wasi:http/outgoing-handler@0.2.0"]), Err("plugin/import"));
        assert_eq!(imported(&["wasi:io/streams@0.3.0"]), Err("plugin/import"));
        assert_eq!(imported(&["hookwright:hooks/secrets@1.0.0"]), Err("plugin/import"));
        assert_eq!(imported(&["env"]), Err("plugin/import"));
    }

    #[test]
    fn newer_contracts_are_told_apart_from_wrong_ones() {
        assert_eq!(imported(&["hookwright:hooks/host@1.1.0"]), Err("plugin/contract"));
        let old = ["hookwright:hooks/entity-hooks@1.0.0", "hookwright:hooks/field-hooks@1.0.0"];
        assert_eq!(exported(&old), Ok(()));
        let new = ["hookwright:hooks/entity-hooks@2.0.0", "hookwright:hooks/field-hooks@2.0.0"];
        assert_eq!(exported(&new), Err("plugin/contract"));
        assert_eq!(exported(&[old[0], old[1], new[0]]), Ok(()));
        assert_eq!(exported(&old[..1]), Err("plugin/export"));
        assert_eq!(exported(&[]), Err("plugin/export"));
    }
}
