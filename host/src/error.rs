//! The host's error: an entry of the catalogue, what happened, and what to do.

use hookwright_core::ident::OrgName;

use std::time::Duration;

use crate::catalogue::{Entry, entry};
use crate::db::DbError;
use crate::outcome::Outcome;

/// A trouble, ready to be told to a person or a program.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    /// Its kind.
    pub entry: &'static Entry,
    /// A finer stable code, such as `policy/drop-column`; else the entry's.
    pub code: String,
    /// What happened, both sides of the conflict.
    pub message: String,
    /// What to do next.
    pub help: String,
    /// Where in the request, as a JSON pointer.
    pub pointer: Option<Box<str>>,
    /// What had been worked out, for a change that was held or refused.
    pub outcome: Option<Box<Outcome>>,
    /// What went wrong inside; logged, never sent.
    #[source]
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// Nothing went wrong but the time.
#[derive(Debug, thiserror::Error)]
#[error("it is to be tried again in {0:?}")]
struct Later(Duration);

/// What the host's functions return.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// An error of a catalogued kind. An unknown code is the host's own fault and reported so.
    #[must_use]
    pub fn new(code: &str, message: impl Into<String>) -> Self {
        let entry = entry(code).or_else(|| entry("host/fault")).unwrap_or(&crate::catalogue::CATALOGUE[0]);
        Self {
            entry,
            code: code.to_owned(),
            message: message.into(),
            help: entry.help.to_owned(),
            pointer: None,
            outcome: None,
            source: None,
        }
    }

    /// With a finer code than the entry's.
    #[must_use]
    pub fn coded(mut self, code: impl Into<String>) -> Self {
        self.code = code.into();
        self
    }

    /// With better advice than the catalogue's.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = help.into();
        self
    }

    /// With the organisation in its advice, where that leaves the name open.
    #[must_use]
    pub fn of_org(mut self, org: &OrgName) -> Self {
        self.help = named(&self.help, org);
        self
    }

    /// With the place in the request.
    #[must_use]
    pub fn at(mut self, pointer: impl Into<Box<str>>) -> Self {
        self.pointer = Some(pointer.into());
        self
    }

    /// With the time after which it is worth trying again.
    #[must_use]
    pub fn after(self, wait: Duration) -> Self {
        self.because(Later(wait))
    }

    /// Seconds after which it is worth trying again, if that is worth it at all.
    #[must_use]
    pub fn retry_after_s(&self) -> u64 {
        let later = self.source.as_ref().and_then(|source| source.downcast_ref::<Later>());
        if let Some(Later(wait)) = later {
            return wait.as_secs_f64().ceil().max(1.0) as u64;
        }
        let db = self.source.as_ref().and_then(|source| source.downcast_ref::<DbError>());
        db.map_or(1, DbError::retry_after_s)
    }

    /// With the error behind it, for the log.
    #[must_use]
    pub fn because(mut self, source: impl std::error::Error + Send + Sync + 'static) -> Self {
        self.source = Some(Box::new(source));
        self
    }
}

/// Advice with the organisation's name in the commands that leave it open.
pub(crate) fn named(advice: &str, org: &OrgName) -> String {
    advice.replace("--org NAME", &format!("--org {org}")).replace("/orgs/{org}/", &format!("/orgs/{org}/"))
}

impl From<hookwright_core::metadata_error::MetadataError> for Error {
    fn from(error: hookwright_core::metadata_error::MetadataError) -> Self {
        Self::new(error.code(), error.to_string())
    }
}
