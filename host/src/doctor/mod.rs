//! `doctor`: what is wrong with an organisation, by cause, with what it means and what to do next.
//!
//! One file a check. Checks only read, and none keeps another from being made; what may be done about a trouble without
//! asking is in `fix.rs`. The command line and HTTP call it by [`Host::examine`].

mod changes;
mod connections;
mod contents;
mod database;
mod fix;
mod index_advice;
mod indexes;
mod others;
mod records;
mod schema;
mod sessions;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use hookwright_core::ident::OrgName;
use serde::{Deserialize, Serialize};

use crate::db::OrgDb;
use crate::error::{Error, Result, named};
use crate::host::Host;
use crate::tenant::Tenant;
use crate::trouble::{Severity, Trouble};

/// How often a database that is waited for is tried.
const TRY: Duration = Duration::from_millis(500);

/// What was looked at of an organisation, and what was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Examined {
    /// The organisation.
    pub org: String,
    /// The server or library with its version; `no answer` if there was none.
    pub server: String,
    /// Whether nothing is broken, nor about to be.
    pub well: bool,
    /// What was looked at, in order.
    pub checks: Vec<Check>,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Check {
    /// What, in a word.
    pub check: String,
    /// How it is.
    pub said: String,
    /// What is wrong with it.
    pub troubles: Vec<Trouble>,
}

/// What it means that a check failed.
const NOT_LOOKED_AT: &str = "so this could not be looked at";

/// An organisation whose database answers.
struct Patient<'a> {
    host: &'a Host,
    tenant: Arc<Tenant>,
}

impl Check {
    fn new(check: &str, said: impl Into<String>) -> Self {
        Self { check: check.to_owned(), said: said.into(), troubles: Vec::new() }
    }

    fn with(mut self, troubles: impl IntoIterator<Item = Trouble>) -> Self {
        self.troubles.extend(troubles);
        self
    }

    /// One that could not be made.
    fn failed(check: &str, error: &Error) -> Self {
        let trouble = Trouble::broken(&error.code, &error.message, NOT_LOOKED_AT);
        Self::new(check, "not known").with([trouble.next(&error.help)])
    }

    /// How bad it is; none if it is well.
    #[must_use]
    pub fn severity(&self) -> Option<Severity> {
        self.troubles.iter().map(|trouble| trouble.severity).min()
    }
}

impl Host {
    /// Looks for everything that is wrong with an organisation. With `contents`, all rows are read for values that
    /// programs stumble over. The database is only read.
    ///
    /// # Errors
    /// `org/not-found`, `host/fault`. What is wrong with the database is in the answer.
    pub async fn examine(&self, org: &OrgName, contents: bool) -> Result<Examined> {
        let db = self.database(org).await?;
        let found = match db.spoiled().await {
            Some(trouble) => Err(trouble),
            None => database::look(&db).await,
        };
        let found = match found {
            Ok(found) => found,
            Err(trouble) => {
                let check = Check::new("database", "no answer").with([trouble]);
                return Ok(examined(org, "no answer".to_owned(), vec![check]));
            }
        };
        let mut checks = found.checks;
        checks.push(connections::check(&db).await);
        if found.usable {
            self.look_within(org, &db, &mut checks, contents).await;
        } else if !checks.iter().any(|check| check.severity() == Some(Severity::Broken))
            && matches!(db.is_known().await, Ok(false))
        {
            checks.push(Check::new("history", "it is gone").with([db.forgotten().await]));
        }
        Ok(examined(org, found.server, checks))
    }

    /// The checks of what the organisation has in a database that can be used.
    async fn look_within(&self, org: &OrgName, db: &OrgDb, checks: &mut Vec<Check>, contents: bool) {
        match db.is_known().await {
            Ok(true) => {}
            Ok(false) => {
                return checks.push(Check::new("history", "it is gone").with([db.forgotten().await]));
            }
            Err(error) => return not_looked_at(checks, "history", &error.into()),
        }
        match records::check(db).await {
            Ok(check) => checks.push(check),
            Err(error) => not_looked_at(checks, "records", &error),
        }
        let tenant = match self.inner.tenants.get(org).await {
            Ok(tenant) => tenant,
            Err(error) => return not_looked_at(checks, "organisation", &error),
        };
        match tenant.latest().await {
            Ok(_) => checks.extend(Patient { host: self, tenant }.checks(contents).await),
            Err(error) => not_looked_at(checks, "history", &error),
        }
    }

    /// Waits until an organisation's database answers, for so long at most; whether it does.
    ///
    /// # Errors
    /// `org/not-found`, `host/fault`.
    pub async fn wait_for(&self, org: &OrgName, at_most: Duration) -> Result<bool> {
        let db = self.database(org).await?;
        let until = tokio::time::Instant::now() + at_most;
        while db.spoiled().await.is_some() || db.unreachable().await.is_some() {
            if tokio::time::Instant::now() >= until {
                return Ok(false);
            }
            tokio::time::sleep(TRY).await;
        }
        Ok(true)
    }

    async fn database(&self, org: &OrgName) -> Result<OrgDb> {
        let info = self.inner.store.org(org).await?;
        self.inner.tenants.connect(org, &info.database)
    }
}

impl Patient<'_> {
    async fn checks(&self, contents: bool) -> Vec<Check> {
        let mut checks = vec![
            told("tables", database::owned(self).await),
            told("sessions", sessions::check(self).await),
            told("changes", changes::check(self).await),
            told("schema", schema::check(self).await),
            told("indexes", indexes::check(self).await),
            told("others", others::check(self).await),
        ];
        if contents {
            checks.push(told("contents", contents::check(self).await));
        }
        checks
    }
}

/// That something could not be looked at, unless what stands in the way was told already.
fn not_looked_at(checks: &mut Vec<Check>, check: &str, error: &Error) {
    let mut told = checks.iter().flat_map(|check| &check.troubles);
    if !told.any(|t| t.code == error.code && t.found == error.message) {
        checks.push(Check::failed(check, error));
    }
}

fn told(check: &str, made: Result<Check>) -> Check {
    made.unwrap_or_else(|error| Check::failed(check, &error))
}

fn examined(org: &OrgName, server: String, mut checks: Vec<Check>) -> Examined {
    // What stands in the way of several checks is told once.
    let mut codes = BTreeSet::new();
    for check in &mut checks {
        check.troubles.retain(|of| codes.insert(of.code.clone()) || of.means != NOT_LOOKED_AT);
    }
    for trouble in checks.iter_mut().flat_map(|check| &mut check.troubles) {
        trouble.next = named(&trouble.next, org);
    }
    let well = checks.iter().all(|check| check.severity().is_none_or(|worst| worst == Severity::Note));
    Examined { org: org.to_string(), server, well, checks }
}
