//! What a plugin asks leave to do, or is granted: a kind of intent, on its entities or on those of a pattern.
//!
//! Manifests write it, organisations grant it, the host checks each intent against it. Pure.
use std::fmt;
use std::str::FromStr;

use super::validate::{GRANTS, is_pattern};

/// A kind of intent and where it may be used: `create-index`, or `add-column on invoice*`.
///
/// Without a pattern it reaches the entities that the plugin is called for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Grant {
    kind: &'static str,
    on: Option<String>,
}

impl Grant {
    /// The kind of intent.
    pub fn kind(&self) -> &'static str {
        self.kind
    }

    /// Whether it lets a plugin that is called for `entities` use this kind of intent on a table.
    pub fn allows(&self, kind: &str, table: &str, entities: &[String]) -> bool {
        self.kind == kind && self.reaches(table, entities)
    }

    /// Whether it allows all that another grant of the same plugin does.
    pub fn covers(&self, other: &Self, entities: &[String]) -> bool {
        self.kind == other.kind && other.patterns(entities).iter().all(|p| self.reaches(p, entities))
    }

    fn reaches(&self, what: &str, entities: &[String]) -> bool {
        self.patterns(entities).iter().any(|pattern| matches(pattern, what))
    }

    fn patterns<'a>(&'a self, entities: &'a [String]) -> &'a [String] {
        self.on.as_ref().map_or(entities, std::slice::from_ref)
    }
}

impl FromStr for Grant {
    type Err = &'static str;

    /// The error says what is wrong with the text, without repeating it.
    fn from_str(text: &str) -> Result<Self, &'static str> {
        let words: Vec<_> = text.split_ascii_whitespace().collect();
        let (kind, on) = match words.as_slice() {
            [kind] => (kind, None),
            [kind, "on", pattern] => (kind, Some((*pattern).to_owned())),
            _ => return Err("write a kind of intent, or \"KIND on PATTERN\""),
        };
        let kind = GRANTS.into_iter().find(|known| known == kind).ok_or("no intent is of that kind")?;
        match on.as_deref().is_none_or(is_pattern) {
            true => Ok(Self { kind, on }),
            false => Err("a pattern has the characters A-Z a-z 0-9 _ * ?"),
        }
    }
}

impl fmt::Display for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.on {
            None => f.write_str(self.kind),
            Some(pattern) => write!(f, "{} on {pattern}", self.kind),
        }
    }
}

/// Whether a pattern, in which `*` stands for any characters and `?` for one, matches a name; or, if the other is a
/// pattern too, matches all names that one does.
pub fn matches(pattern: &str, name: &str) -> bool {
    let (pattern, name) = (pattern.as_bytes(), name.as_bytes());
    let (mut p, mut n) = (0, 0);
    // The last `*`, and where what it stands for ends so far.
    let mut star: Option<(usize, usize)> = None;
    while n < name.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, n));
                p += 1;
            }
            Some(&c) if c == name[n] || (c == b'?' && name[n] != b'*') => {
                p += 1;
                n += 1;
            }
            _ => match &mut star {
                Some((at, end)) => {
                    *end += 1;
                    (p, n) = (*at + 1, *end);
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|c| *c == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grant(text: &str) -> Grant {
        text.parse().unwrap_or_else(|why| panic!("{text}: {why}"))
    }

    fn all() -> Vec<String> {
        vec!["*".to_owned()]
    }

    #[test]
    fn it_is_read_as_it_is_written() {
        for text in ["create-index", "add-column on invoice*", "drop-table on a?_*"] {
            assert_eq!(grant(text).to_string(), text);
        }
        for text in
            ["", "raw-sql", "add-column invoice", "add-column on", "add-column on a b", "add-column on a-b"]
        {
            assert!(text.parse::<Grant>().is_err(), "{text}");
        }
    }

    #[test]
    fn patterns_match_whole_names() {
        for (pattern, name) in
            [("*", ""), ("a*", "a"), ("a*c", "abc"), ("?b*", "abc"), ("*a*a", "aba"), ("a**", "a")]
        {
            assert!(matches(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in [("", "a"), ("a", "ab"), ("a?", "a"), ("*b", "abc"), ("a*a", "a"), ("A", "a")]
        {
            assert!(!matches(pattern, name), "{pattern} {name}");
        }
        let hostile = "a*".repeat(64);
        assert!(!matches(&hostile, &format!("{}b", "a".repeat(62))));
    }

    #[test]
    fn without_a_pattern_it_reaches_the_plugins_entities() {
        let entities = vec!["invoice*".to_owned(), "account".to_owned()];
        let plain = grant("add-column");
        assert!(plain.allows("add-column", "invoice_line", &entities));
        assert!(!plain.allows("add-column", "user", &entities));
        assert!(!plain.allows("drop-column", "account", &entities));
        assert!(grant("add-column on user").allows("add-column", "user", &entities));
    }

    #[test]
    fn a_wider_grant_covers_a_narrower_one() {
        let wide = grant("add-column");
        assert!(wide.covers(&grant("add-column on invoice*"), &all()));
        assert!(!grant("add-column on invoice*").covers(&wide, &all()));
        assert!(grant("add-column on inv*").covers(&grant("add-column on invoice*"), &all()));
        assert!(!grant("add-column on invoice?").covers(&grant("add-column on invoice*"), &all()));
        assert!(grant("add-column on invoice*").covers(&grant("add-column on invoice?"), &all()));
        assert!(!wide.covers(&grant("add-column on user"), &["invoice".to_owned()]));
    }
}
