//! Advice as those read it who speak HTTP: the route in place of the command that does the same.

use hookwright_core::ident::OrgName;

use crate::error::named;
use crate::outcome::Outcome;

/// What commands are called over HTTP; both leave the organisation open, and `CHANGE` where there is one.
const ROUTES: [(&str, &str); 9] = [
    ("hookwright approve --org NAME CHANGE", "POST /v1/orgs/{org}/changes/CHANGE/approve"),
    ("hookwright doctor --org NAME", "GET /v1/orgs/{org}/doctor"),
    ("hookwright drift --org NAME", "GET /v1/orgs/{org}/drift"),
    ("hookwright history --org NAME", "GET /v1/orgs/{org}/changes"),
    ("hookwright inspect --org NAME", "GET /v1/orgs/{org}/entities"),
    ("hookwright plugin list --org NAME", "GET /v1/orgs/{org}/plugins"),
    ("hookwright restore --list --org NAME", "GET /v1/orgs/{org}/tombstones"),
    ("hookwright show --org NAME CHANGE", "GET /v1/orgs/{org}/changes/CHANGE"),
    ("hookwright sync --org NAME", "POST /v1/orgs/{org}/sync"),
];

/// What the command line adds to advice that names a field of the event, and which field an option stands for.
const OPTIONS: [(&str, &str); 4] = [
    (" (--confirm)", ""),
    (" (--allow-destructive)", ""),
    ("with --confirm", "with \"confirm\": true"),
    ("with --allow-destructive", "with \"allowDestructive\": true"),
];

/// Commands on one change, and what they are called over HTTP.
const OF_CHANGE: [(&str, &str, &str); 4] = [
    ("approve", "POST", "/approve"),
    ("reject", "POST", "/reject"),
    ("rollback", "POST", "/rollback"),
    ("show", "GET", ""),
];

/// An outcome with its advice as [`spoken`].
pub(super) fn of_outcome(mut outcome: Outcome) -> Outcome {
    if let Ok(org) = OrgName::parse(&outcome.org) {
        outcome.reasons.iter_mut().for_each(|reason| reason.help = spoken(&reason.help, &org));
    }
    outcome
}

/// Advice with the organisation's name, and with routes and fields where there are some. A command with more arguments
/// stays.
pub(super) fn spoken(advice: &str, org: &OrgName) -> String {
    let mut advice = of_changes(&named(advice, org), org);
    for (option, field) in OPTIONS {
        advice = advice.replace(option, field);
    }
    for (command, route) in ROUTES {
        let (command, route) = (named(command, org), named(route, org));
        let mut spoken = String::new();
        let mut parts = advice.split(&command).peekable();
        while let Some(part) = parts.next() {
            spoken += part;
            if let Some(next) = parts.peek() {
                let goes_on = next.starts_with(|c: char| c == '-' || c == '_' || c.is_alphanumeric())
                    || next.strip_prefix(' ').is_some_and(|rest| !rest.starts_with('('));
                spoken += if goes_on { &command } else { &route };
            }
        }
        advice = spoken;
    }
    advice
}

/// Routes for commands that name a change, as in `hookwright approve c-1 --org acme --allow-destructive`.
fn of_changes(advice: &str, org: &OrgName) -> String {
    let mut advice = advice.to_owned();
    for (verb, method, path) in OF_CHANGE {
        let (before, after) = (format!("hookwright {verb} "), format!(" --org {org}"));
        let mut spoken = String::new();
        let mut rest = advice.as_str();
        while let Some((head, tail)) = rest.split_once(&before) {
            spoken += head;
            let change = tail.split_once(&after).filter(|(change, _)| is_change(change));
            rest = match change {
                Some((change, more)) => {
                    spoken += &format!("{method} /v1/orgs/{org}/changes/{change}{path}");
                    match more.strip_prefix(" --allow-destructive") {
                        Some(more) => {
                            spoken += " with {\"allowDestructive\": true}";
                            more
                        }
                        None => more,
                    }
                }
                None => {
                    spoken += &before;
                    tail
                }
            };
        }
        advice = spoken + rest;
    }
    advice
}

fn is_change(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_becomes_its_route_unless_more_follows() {
        let org = OrgName::parse("acme").expect("a name");
        let of = |advice: &str| spoken(advice, &org);
        assert_eq!(
            of(
                "see what differs: hookwright drift --org NAME; repair it: hookwright sync --org NAME; then send it again"
            ),
            "see what differs: GET /v1/orgs/acme/drift; repair it: POST /v1/orgs/acme/sync; then send it again"
        );
        assert_eq!(
            of(
                "approve it: hookwright approve c-1 --org acme --allow-destructive; or send it again with \"allowDestructive\": true (--allow-destructive)"
            ),
            "approve it: POST /v1/orgs/acme/changes/c-1/approve with {\"allowDestructive\": true}; or send it again with \"allowDestructive\": true"
        );
        assert_eq!(
            of("hookwright reject c-1 --org acme; then go on"),
            "POST /v1/orgs/acme/changes/c-1/reject; then go on"
        );
        assert_eq!(of("hookwright show --org NAME CHANGE"), "GET /v1/orgs/acme/changes/CHANGE");
        let more = "hookwright sync --org acme --entity invoice; or hookwright drift --org acme-corp";
        assert_eq!(of(more), more);
    }
}
