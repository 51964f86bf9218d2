//! Whether the database answers, what the host may do there, and whether its bookkeeping is one that this host knows.

use std::collections::BTreeSet;

use super::{Check, Patient};
use crate::db::{BOOKKEEPING_VERSION, CheckReport, DbError, OrgDb};
use crate::error::{Error, Result};
use crate::trouble::Trouble;

/// Troubles with the bookkeeping itself.
const OF_BOOKKEEPING: [&str; 3] = ["db/bookkeeping", "db/newer", "db/no-schema"];

/// A database that answers.
pub(super) struct Found {
    pub server: String,
    /// Whether the bookkeeping is there, whole, and of this version.
    pub usable: bool,
    pub checks: Vec<Check>,
}

/// Reaches the database.
pub(super) async fn look(db: &OrgDb) -> std::result::Result<Found, Trouble> {
    match db.check().await {
        Ok(report) => Ok(found(report)),
        // What opened the circuit may be over, or be another thing now.
        Err(error @ DbError::Open { .. }) => Err(db.unreachable().await.unwrap_or_else(|| trouble(error))),
        Err(error) => Err(trouble(error)),
    }
}

fn found(report: CheckReport) -> Found {
    let CheckReport { server, role, latency_us, bookkeeping, exists, problems } = report;
    let database = Check::new("database", format!("answers as \"{role}\" in {latency_us} µs"));
    let troubles: Vec<_> = problems.into_iter().map(trouble).collect();
    let (kept, may): (Vec<_>, Vec<_>) =
        troubles.into_iter().partition(|trouble| OF_BOOKKEEPING.contains(&trouble.code.as_str()));
    let privileges = match may.is_empty() {
        true => Check::new("privileges", "the host may make what it needs"),
        false if may.iter().all(|trouble| trouble.code == "db/read-only") => {
            Check::new("privileges", "nothing can be written").with(may)
        }
        false => Check::new("privileges", "something is missing").with(may),
    };
    let said = match (bookkeeping, exists) {
        _ if !kept.is_empty() => "it cannot be used".to_owned(),
        (Some(version), true) => format!("version {version}"),
        (Some(version), false) => {
            format!("version {version}; the organisation's schema is made on first use")
        }
        (None, _) if !privileges.troubles.is_empty() => "not known".to_owned(),
        (None, _) => "made on first use".to_owned(),
    };
    let usable = kept.is_empty() && bookkeeping == Some(BOOKKEEPING_VERSION);
    Found { server, usable, checks: vec![database, privileges, Check::new("bookkeeping", said).with(kept)] }
}

fn trouble(error: DbError) -> Trouble {
    match error {
        DbError::Unreachable { trouble: Some(trouble), .. } | DbError::Unusable(trouble) => *trouble,
        error => {
            let error = Error::from(error);
            Trouble::broken(&error.code, &error.message, error.entry.title).next(&error.help)
        }
    }
}

/// Whether the host may alter the tables of the organisation.
pub(super) async fn owned(patient: &Patient<'_>) -> Result<Check> {
    let db = patient.tenant.db();
    let tables: BTreeSet<_> = patient.tenant.snapshot().await?.schema.tables.keys().cloned().collect();
    let lacking = match tables.is_empty() {
        true => Vec::new(),
        false => db.lacking(&tables, &BTreeSet::new()).await?,
    };
    let given_away = match tables.is_empty() {
        true => Vec::new(),
        false => db.given_away(&tables).await?,
    };
    let said = match (tables.len(), lacking.len()) {
        (0, _) => "there are none yet".to_owned(),
        (all, 0) => format!("the host may alter all {all}"),
        (all, some) => format!("the host may not alter {some} of {all}"),
    };
    let means = "changes of it are refused by the database";
    let troubles = lacking.into_iter().map(|l| {
        Trouble::broken("db/denied", l.message, means)
            .next(format!("as its owner, or as a superuser: {}", l.grant))
    });
    let given_away = given_away.into_iter().map(|l| {
        let means = "changes that look at its rows, fill them or refer to them are refused by the database";
        Trouble::warning("db/denied", l.message, means)
            .next(format!("as that role, or as a superuser: {}", l.grant))
    });
    Ok(Check::new("tables", said).with(troubles).with(given_away))
}
