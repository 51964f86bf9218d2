//! A finding in words: what it is, and who moved.

use hookwright_core::drift::{self, Moved, Part, State};

pub(super) fn what(finding: &drift::Finding) -> String {
    let (place, kind) = (finding.place(), finding.part.kind());
    let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "nothing".to_owned());
    let (wanted, found) = (text(&finding.wanted), text(&finding.found));
    if let Some(renamed) = &finding.renamed {
        return format!("the {kind} \"{place}\" is called \"{}\"", renamed.as_str());
    }
    if matches!(finding.part, Part::Nullability(_)) {
        return match finding.found.as_deref() {
            Some("NULL") => format!("\"{place}\" may be NULL, and must not"),
            _ => format!("\"{place}\" must not be NULL, and may"),
        };
    }
    let kind = kind.replace('-', " ");
    match (finding.state(), finding.part.is_thing() || finding.part == Part::Table) {
        (State::Missing, true) => format!("the {kind} \"{place}\" is missing"),
        (State::Extra, true) if matches!(finding.part, Part::Column(_)) => {
            format!("the {kind} \"{place}\" ({found}) is there, and nothing calls for it")
        }
        (State::Extra, true) => format!("the {kind} \"{place}\" is there, and nothing calls for it"),
        _ => format!("the {kind} of \"{place}\" is {found}, and shall be {wanted}"),
    }
}

pub(super) fn why(finding: &drift::Finding) -> &'static str {
    match (finding.moved, finding.state()) {
        (Moved::Hands, State::Missing) if finding.renamed.is_none() => "others than Hookwright took it away",
        (Moved::Hands, State::Extra) => "others than Hookwright added it",
        (Moved::Hands, _) => "others than Hookwright changed it",
        (Moved::Plugins, State::Differs) if is_as_adopted(finding) => {
            "it was taken in as it is, and no field can say that"
        }
        (Moved::Metadata, _) => "its entity or field was deleted, and it was kept",
        (Moved::Plugins, State::Missing) => "the plugins did not call for it before",
        (Moved::Plugins, State::Extra) => "the plugins call for it no more",
        (Moved::Plugins, State::Differs) => "the plugins called for something else before",
        (Moved::Several, _) => {
            "others than Hookwright changed it, and the plugins called for something else before"
        }
    }
}

/// Whether the record has it just as it is, in words that are the database's own.
fn is_as_adopted(finding: &drift::Finding) -> bool {
    !finding.adoptable
        && matches!(finding.part, Part::Type(_) | Part::Default(_))
        && finding.recorded == finding.found
}
