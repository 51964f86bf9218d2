//! Advice as those read it who speak HTTP: the route in place of the command that does the same.

use hookwright_core::ident::OrgName;

use crate::error::named;

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

/// Advice with the organisation's name, and with routes where there are some. A command with more arguments stays.
pub(super) fn spoken(advice: &str, org: &OrgName) -> String {
    let mut advice = named(advice, org);
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
        assert_eq!(of("hookwright show --org NAME CHANGE"), "GET /v1/orgs/acme/changes/CHANGE");
        let more = "hookwright sync --org acme --entity invoice; or hookwright drift --org acme-corp";
        assert_eq!(of(more), more);
    }
}
