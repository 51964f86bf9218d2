//! What brings a finding to an end, and the errors of repairs and adoptions that would not.

use hookwright_core::drift::{self, Need, Scope};
use hookwright_core::ident::OrgName;

use super::Site;
use super::words::{what, why};
use crate::error::Error;

/// What makes the database what is called for.
pub(super) fn repair(site: Site<'_>, finding: &drift::Finding) -> String {
    if let Some(statement) = site.stranger(finding).or_else(|| site.need(finding)) {
        return statement;
    }
    let org = site.org;
    match &finding.needs {
        Some(Need::Others) => format!("hookwright sync --org {org}"),
        Some(Need::Table) => of_table("sync", org, finding),
        _ => command("sync", org, finding),
    }
}

fn of_table(verb: &str, org: &OrgName, finding: &drift::Finding) -> String {
    format!("hookwright {verb} --org {org} --entity {}", finding.table.as_str())
}

pub(super) fn command(verb: &str, org: &OrgName, finding: &drift::Finding) -> String {
    let mut command = of_table(verb, org, finding);
    if let Some(column) = finding.part.column() {
        command += &format!(" --field {}", column.as_str());
    }
    if verb == "sync" && finding.is_foreign() {
        command += " --extras";
    }
    command
}

/// The error of a repair that has nothing to do before somebody makes room.
pub(crate) fn no_room(site: Site<'_>, left: &[drift::Unrepaired]) -> Option<Error> {
    let finding = left.iter().map(|left| &left.finding).find(|finding| finding.waits_for_room())?;
    let error = Error::new("drift/no-room", format!("{}; {}", what(finding), why(finding)));
    Some(error.coded(finding.code()).help(repair(site, finding)))
}

/// The error of a repair that cannot do what it is to without more.
pub(crate) fn not_alone(site: Site<'_>, finding: &drift::Finding) -> Error {
    let with = match finding.needs {
        Some(Need::Table) => "what else differs on its table, which is made anew as a whole",
        _ => "what differs on other tables, which have its name or refer to it",
    };
    let message = format!("{}; that is repaired only together with {with}", what(finding));
    let help = format!("repair it all: {}", repair(site, finding));
    Error::new("drift/not-alone", message).help(help)
}

/// The error of an adoption beside a name that it does not take over.
pub(crate) fn name_first(site: Site<'_>, finding: &drift::Finding) -> Error {
    let message = format!("{}, and metadata cannot take that name over", what(finding));
    let help = format!("give it its own back first: {}", repair(site, finding));
    Error::new("drift/not-adopted", message).help(help)
}

/// The error of an adoption that metadata have something against.
pub(crate) fn not_adopted(org: &OrgName, scope: &Scope, message: &str) -> Error {
    let flag = |name: &str, of: Option<&hookwright_core::ident::Ident>| {
        of.map(|of| format!(" --{name} {}", of.as_str())).unwrap_or_default()
    };
    let of = flag("entity", scope.table.as_ref()) + &flag("field", scope.column.as_ref());
    Error::new("drift/not-adopted", message).help(format!(
        "what Hookwright did not make can stay as it is; what plugins call for is repaired: hookwright sync --org {org}{of}"
    ))
}
