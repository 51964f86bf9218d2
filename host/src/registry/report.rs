//! What happened to a plugin of a watched directory, in one line for the developer who watches it.
//!
//! `loaded.rs` makes reports, the command line prints them. Pure.

use std::fmt;
use std::sync::Arc;

use hookwright_build::manifest::Manifest;

use crate::sandbox::Loaded;

/// Digits of a digest that a person compares.
const DIGEST_DIGITS: usize = 6;

/// What happened to one plugin.
#[derive(Debug, Clone)]
pub enum Report {
    /// A plugin that was not there before.
    Loaded(Loaded),
    /// A new build in the place of the last.
    Reloaded {
        /// The last.
        old: Loaded,
        /// The new.
        new: Loaded,
    },
    /// A file that is no plugin.
    Refused {
        /// The plugin's name, or the file's.
        name: String,
        /// The stable code.
        code: &'static str,
        /// Why.
        why: String,
        /// The last good build, which is still called.
        serving: Option<Loaded>,
    },
    /// A plugin whose file is gone; it is called no more.
    Removed(Loaded),
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Loaded(new) => {
                let hooks: Vec<_> = new.manifest.hooks.iter().map(|hook| hook.as_str()).collect();
                write!(f, "loaded {} {} · hooks {}", title(new), short(new), hooks.join(" "))
            }
            Self::Reloaded { old, new } => {
                write!(f, "reloaded {} {} → {}", title(new), short(old), short(new))?;
                changes(&old.manifest, &new.manifest).iter().try_for_each(|change| write!(f, " · {change}"))
            }
            Self::Refused { name, code, why, serving } => {
                write!(f, "refused {name}: {code}: {why}")?;
                serving.iter().try_for_each(|last| write!(f, " · still serving {}", short(last)))
            }
            Self::Removed(old) => write!(f, "removed {} {}", title(old), short(old)),
        }
    }
}

fn title(plugin: &Loaded) -> String {
    format!("{} {}", plugin.manifest.name, plugin.manifest.version)
}

fn short(plugin: &Loaded) -> String {
    let digest: Arc<str> = plugin.digest.clone();
    format!("{}…", digest.get(..DIGEST_DIGITS).unwrap_or(&digest))
}

/// What a new build asks of the host that the last did not, or no more.
fn changes(old: &Manifest, new: &Manifest) -> Vec<String> {
    let hooks = |m: &Manifest| m.hooks.iter().map(|hook| hook.as_str().to_owned()).collect::<Vec<_>>();
    let mut changes = Vec::new();
    changes.extend(difference("hooks", &hooks(old), &hooks(new)));
    changes.extend(difference("entities", &old.entities, &new.entities));
    changes.extend(difference("grants", &old.grants, &new.grants));
    if old.version != new.version {
        changes.push(format!("version {} → {}", old.version, new.version));
    }
    if old.priority != new.priority {
        changes.push(format!("priority {} → {}", old.priority, new.priority));
    }
    if old.config_schema != new.config_schema {
        changes.push("config schema changed".to_owned());
    }
    changes
}

fn difference(what: &str, old: &[String], new: &[String]) -> Option<String> {
    let added = new.iter().filter(|item| !old.contains(item)).map(|item| format!(" +{item}"));
    let gone = old.iter().filter(|item| !new.contains(item)).map(|item| format!(" -{item}"));
    let all: String = added.chain(gone).collect();
    (!all.is_empty()).then(|| format!("{what}{all}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_differs_is_told() {
        let list = |items: &[&str]| items.iter().map(|&item| item.to_owned()).collect::<Vec<_>>();
        let (old, new) = (list(&["add-column", "set-comment"]), list(&["add-column", "drop-column"]));
        assert_eq!(difference("grants", &old, &new).as_deref(), Some("grants +drop-column -set-comment"));
        assert_eq!(difference("grants", &old, &old), None);
    }
}
