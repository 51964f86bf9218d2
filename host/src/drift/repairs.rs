//! What brings a finding to an end, and the errors of repairs and adoptions that would not.

use hookwright_core::drift::{self, Need};
use hookwright_core::ident::OrgName;

use super::words::{what, why};
use crate::error::Error;

/// What makes the database what is called for.
pub(super) fn repair(org: &OrgName, finding: &drift::Finding) -> String {
    let table = finding.table.as_str();
    let quote = |name: &str| format!("\"{}\"", name.replace('"', "\"\""));
    match &finding.needs {
        None => command("sync", org, finding),
        Some(Need::Others) => format!("hookwright sync --org {org}"),
        Some(Need::Table) => format!("hookwright sync --org {org} --entity {table}"),
        Some(Need::Return(schema)) => {
            format!("ALTER TABLE {}.{} SET SCHEMA {}", quote(schema), quote(table), quote(org.as_str()))
        }
        Some(Need::Room { aside, in_schema }) => {
            let schema = if *in_schema { format!("{}.", quote(org.as_str())) } else { String::new() };
            format!("ALTER TABLE {schema}{} RENAME TO {}", quote(table), quote(aside.as_str()))
        }
    }
}

pub(super) fn command(verb: &str, org: &OrgName, finding: &drift::Finding) -> String {
    let mut command = format!("hookwright {verb} --org {org} --entity {}", finding.table.as_str());
    if let Some(column) = finding.part.column() {
        command += &format!(" --field {}", column.as_str());
    }
    if verb == "sync" && finding.is_foreign() {
        command += " --extras";
    }
    command
}

/// The error of a repair that has nothing to do before somebody makes room.
pub(crate) fn no_room(org: &OrgName, left: &[drift::Unrepaired]) -> Option<Error> {
    let finding = left.iter().map(|left| &left.finding).find(|finding| finding.waits_for_room())?;
    let error = Error::new("drift/no-room", format!("{}; {}", what(finding), why(finding)));
    Some(error.coded(finding.code()).help(repair(org, finding)))
}

/// The error of a repair that cannot do what it is to without more.
pub(crate) fn not_alone(org: &OrgName, finding: &drift::Finding) -> Error {
    let with = match finding.needs {
        Some(Need::Table) => "what else differs on its table, which is made anew as a whole",
        _ => "what differs on other tables, which have its name or refer to it",
    };
    let message = format!("{}; that is repaired only together with {with}", what(finding));
    let help = format!("repair it all: {}", repair(org, finding));
    Error::new("drift/not-alone", message).help(help)
}

/// The error of an adoption beside a name that it does not take over.
pub(crate) fn name_first(org: &OrgName, finding: &drift::Finding) -> Error {
    let message = format!("{}, and metadata cannot take that name over", what(finding));
    let help = format!("give it its own back first: {}", repair(org, finding));
    Error::new("drift/not-adopted", message).help(help)
}
