//! `org check`: what an organisation's database answers and allows, as findings.

use hookwright_core::ident::OrgName;

use crate::api::{CheckFinding, OrgCheck};
use crate::db::OrgDb;
use crate::error::Error;

/// Looks without changing anything.
pub(crate) async fn check(name: &OrgName, db: &OrgDb) -> OrgCheck {
    match db.check().await {
        Err(error) => silent(name, Error::from(error)),
        Ok(report) => {
            let fine = |name: &str, message: String| CheckFinding {
                name: name.into(),
                ok: true,
                message,
                help: None,
            };
            let mut findings = vec![
                fine("reachable", format!("answers \"{}\" in {} µs", report.role, report.latency_us)),
                fine("bookkeeping", bookkeeping(report.bookkeeping, report.exists)),
            ];
            let problem = |message| CheckFinding { name: "problem".into(), ok: false, message, help: None };
            findings.extend(report.problems.into_iter().map(problem));
            OrgCheck { org: name.clone(), server: report.server, findings }
        }
    }
}

/// What is said of a database that does not answer.
pub(crate) fn silent(name: &OrgName, error: Error) -> OrgCheck {
    let (message, help) = (error.message, Some(error.help));
    let finding = CheckFinding { name: "reachable".into(), ok: false, message, help };
    OrgCheck { org: name.clone(), server: "no answer".into(), findings: vec![finding] }
}

fn bookkeeping(version: Option<i64>, exists: bool) -> String {
    match (version, exists) {
        (Some(version), true) => format!("version {version}"),
        (Some(version), false) => {
            format!("version {version}; the organisation's own schema is made on first use")
        }
        (None, _) => "made on first use".into(),
    }
}
