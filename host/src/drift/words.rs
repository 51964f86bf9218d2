//! A finding in words: what it is, and who moved.

use hookwright_core::drift::{self, Moved, Need, Part, State};
use hookwright_core::ident::{Ident, quoted};

pub(super) fn what(finding: &drift::Finding) -> String {
    let place = finding.place();
    let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "nothing".to_owned());
    let (wanted, found) = (text(&finding.wanted), text(&finding.found));
    if let Some(said) = out_of_place(finding) {
        return said;
    }
    let kind = in_words(&finding.part);
    if finding.is_switched_off() {
        return format!(
            "the {kind} \"{place}\" is switched off (DISABLE TRIGGER): what rows refer to is not checked, and what a deletion does to them is not done"
        );
    }
    match &finding.part {
        Part::Nullability(_) if finding.found.as_deref() == Some("NULL") => {
            return format!("\"{place}\" may be NULL, and shall always have a value (NOT NULL)");
        }
        Part::Nullability(_) => {
            return format!("\"{place}\" always has a value (NOT NULL), and shall be allowed to be NULL");
        }
        Part::Unlogged => {
            return format!("the table \"{place}\" is UNLOGGED: a crash of the server empties it");
        }
        Part::Stranger(..) => {
            return format!("the {kind} \"{place}\" is there, and nothing calls for it: {found}");
        }
        _ => {}
    }
    let besides = finding.found.as_deref().zip(finding.wanted.as_deref());
    let besides = besides.and_then(|(found, wanted)| found.strip_prefix(wanted)?.strip_prefix(", "));
    match (finding.state(), finding.part.is_thing() || finding.part == Part::Table) {
        (State::Differs, true) if besides == Some("NOT VALID") => {
            format!("the {kind} \"{place}\" is NOT VALID: rows from before may break it")
        }
        (State::Differs, true) if besides.is_some() => {
            format!("the {kind} \"{place}\" is {}, and nothing calls for that", besides.unwrap_or_default())
        }
        (State::Differs, true) if finding.part == Part::Table => {
            format!("the table \"{place}\" is not there, and something else has its name: {found}")
        }
        (State::Missing, true) => match &finding.needs {
            Some(Need::Choice(like)) => {
                format!("the {kind} \"{place}\" is missing, and {}", look_like_it(like))
            }
            _ => format!("the {kind} \"{place}\" is missing"),
        },
        (State::Extra, true) if matches!(finding.part, Part::Column(_)) => {
            format!("the {kind} \"{place}\" ({found}) is there, and nothing calls for it")
        }
        (State::Extra, true) => {
            let called = finding.called.as_ref().map(|name| format!(" as \"{}\"", name.as_str()));
            format!("the {kind} \"{place}\" is there{}, and nothing calls for it", called.unwrap_or_default())
        }
        _ => format!("the {kind} of \"{place}\" is {found}, and shall be {wanted}"),
    }
}

/// Of what has another name or place, or is kept: what became of it.
fn out_of_place(finding: &drift::Finding) -> Option<String> {
    let (place, kind) = (finding.place(), finding.part.kind());
    let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "nothing".to_owned());
    if let Some(renamed) = &finding.renamed {
        let beside = match finding.needs {
            Some(Need::Room(_)) => format!(
                ", and another {kind} has its name: give that one another, or drop it, then repair this; or drop \"{}\", if the other is to be it from now on",
                renamed.as_str()
            ),
            Some(Need::Detach(_)) => ", and is a part of another one".to_owned(),
            Some(Need::Disinherit(_)) => ", and inherits from another one".to_owned(),
            Some(Need::Untype) => ", and is made of a type".to_owned(),
            _ => String::new(),
        };
        return Some(format!("the {kind} \"{place}\" is called \"{}\"{beside}", renamed.as_str()));
    }
    if let Some(Need::Return(schema)) = &finding.needs {
        let called = finding.called.as_ref().map(|name| format!(", and is called \"{}\"", name.as_str()));
        return Some(format!(
            "the {kind} \"{place}\" is in the schema {}{}",
            quoted(schema),
            called.unwrap_or_default()
        ));
    }
    if let Some(Need::Detach(_) | Need::Disinherit(_) | Need::Untype) = &finding.needs {
        return Some(format!("the {kind} \"{place}\" is none of its own any more: {}", text(&finding.found)));
    }
    if let Part::Kept(name) = &finding.part {
        return Some(format!(
            "{}, dropped and kept as \"{}\", is not there",
            text(&finding.wanted),
            name.as_str()
        ));
    }
    None
}

/// Which tables may be one that is missing.
pub(super) fn look_like_it(like: &[Ident]) -> String {
    let names: Vec<_> = like.iter().map(|name| quoted(name.as_str())).collect();
    match names.as_slice() {
        [one] => format!("{one} looks just like it"),
        [before @ .., last] => format!("{} and {last} look just like it", before.join(", ")),
        [] => String::new(),
    }
}

/// What it is on, in words.
fn in_words(part: &Part) -> String {
    match part {
        Part::Unique(_) => "unique constraint".to_owned(),
        other => other.kind().replace('-', " "),
    }
}

pub(super) fn why(finding: &drift::Finding) -> &'static str {
    if let Some(Need::Return(_)) = finding.needs {
        return "others than Hookwright moved it there";
    }
    if matches!(finding.part, Part::Kept(_)) {
        return "others than Hookwright took it away, and a repair only forgets it";
    }
    match (finding.moved, finding.state()) {
        (Moved::Hands, State::Missing) if finding.renamed.is_none() => "others than Hookwright took it away",
        (Moved::Hands, State::Extra) if finding.part != Part::Unlogged => "others than Hookwright added it",
        (Moved::Hands, _) => "others than Hookwright changed it",
        (Moved::Plugins, State::Differs) if is_as_adopted(finding) => {
            "it was taken in as it is, and no field can say that"
        }
        (Moved::Metadata, _) => "its entity or field was deleted, and it was kept",
        (Moved::RolledBack, _) => "the adoption that took it in was rolled back",
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
        && matches!(finding.part, Part::Type(_) | Part::Default(_) | Part::Nullability(_))
        && finding.recorded == finding.found
}
