//! What a plugin asks for beside what an organisation grants it.
//!
//! The registry keeps grants as texts; here they are parsed, compared, and checked against intents. No I/O.

use std::str::FromStr;

use hookwright_build::manifest::{GRANTS, Grant};
use hookwright_core::ident::{Ident, quoted};
use hookwright_core::intent::Intent;
use hookwright_core::near::near;

use crate::error::{Error, Result};

/// What a plugin asks for against what it was granted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Difference {
    /// Asked for, and not granted (or not as widely).
    pub missing: Vec<String>,
    /// Granted, though it does not ask for it (or not as widely).
    pub beyond: Vec<String>,
}

impl Difference {
    /// Compares two lists of grants of a plugin that is called for `entities`.
    pub fn of(asked: &[String], granted: &[String], entities: &[String]) -> Self {
        let (asked, granted) = (known(asked), known(granted));
        Self { missing: uncovered(&asked, &granted, entities), beyond: uncovered(&granted, &asked, entities) }
    }
}

fn uncovered(these: &[Grant], by: &[Grant], entities: &[String]) -> Vec<String> {
    let open = these.iter().filter(|this| !by.iter().any(|other| other.covers(this, entities)));
    open.map(ToString::to_string).collect()
}

/// The grants that this host knows; a newer one may have kept others, whose intents no plugin can return here.
pub(crate) fn known(texts: &[String]) -> Vec<Grant> {
    texts.iter().filter_map(|text| text.parse().ok()).collect()
}

/// A grant that somebody wants to give or take.
pub(crate) fn parse(text: &str) -> Result<Grant> {
    Grant::from_str(text).map_err(|why| {
        let text: String = text.chars().take(100).collect();
        let kind = text.split_ascii_whitespace().next().unwrap_or_default();
        let error = Error::new("request/invalid", format!("{} is no grant: {why}", quoted(&text)));
        match near(kind, GRANTS).first() {
            Some(meant) if *meant != kind => error.help(format!("did you mean \"{meant}\"?")),
            _ => error.help("write KIND or \"KIND on PATTERN\", such as \"add-column on invoice*\""),
        }
    })
}

/// The tables that an intent names as its own: for a renaming both, since either may be somebody else's.
pub(crate) fn tables(intent: &Intent) -> Vec<&Ident> {
    match intent {
        Intent::RenameTable(rename) => vec![&rename.table, &rename.to],
        other => vec![other.table()],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(items: &[&str]) -> Vec<String> {
        items.iter().map(|&item| item.to_owned()).collect()
    }

    #[test]
    fn the_difference_goes_by_what_grants_cover() {
        let asked = list(&["create-table", "add-column on invoice*", "drop-column"]);
        let granted = list(&["create-table", "add-column", "drop-column on invoice", "set-comment"]);
        let difference = Difference::of(&asked, &granted, &list(&["*"]));
        assert_eq!(difference.missing, ["drop-column"]);
        assert_eq!(difference.beyond, ["add-column", "set-comment"]);
        assert_eq!(Difference::of(&asked, &asked, &list(&["*"])), Difference::default());
    }

    #[test]
    fn a_wrong_grant_is_told_with_what_was_meant() {
        let error = parse("add-colum on invoice").expect_err("no kind");
        assert_eq!(error.message, "\"add-colum on invoice\" is no grant: no intent is of that kind");
        assert_eq!(error.help, "did you mean \"add-column\"?");
        assert!(parse("add-column on a-b").expect_err("no pattern").help.starts_with("write KIND"));
    }
}
