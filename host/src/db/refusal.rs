//! Why no connection was had: told as an error of sqlx, so that whoever reads or changes passes it on like any other.

use std::time::Duration;

use super::error::DbError;

/// Why no connection was had. Nothing was sent.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    /// It was tried.
    #[error("{0}")]
    NotReached(sqlx::Error),
    /// It was not tried, because that failed before.
    #[error("it is not tried again yet: {cause}")]
    Open {
        /// For how long.
        since: Duration,
        /// What stood in the way last.
        cause: String,
        /// When it is tried next.
        next: Duration,
    },
    /// All that may be used at the same time were in use for as long as it is waited for.
    #[error("all connections are in use")]
    Crowded {
        /// Whose.
        of: Whose,
        /// How many they are.
        most: usize,
        /// How long it was waited.
        waited: Duration,
    },
}

/// Whose connections are all in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// The organisation's.
    Org,
    /// The database's, which several organisations may share.
    Database,
    /// The host's.
    Host,
}

impl Refusal {
    /// In words, for an organisation; errors that are none come back.
    pub(super) fn told(org: &str, error: sqlx::Error) -> Result<DbError, sqlx::Error> {
        let sqlx::Error::Configuration(inner) = error else { return Err(error) };
        let org = org.to_owned();
        Ok(match *inner.downcast::<Self>().map_err(sqlx::Error::Configuration)? {
            Self::NotReached(source) => DbError::Unreachable { org, source, trouble: None },
            Self::Open { since, cause, next } => DbError::Open { org, since, cause, next, trouble: None },
            Self::Crowded { of, most, waited } => DbError::Crowded { org, of, most, waited, by: None },
        })
    }
}

impl From<Refusal> for sqlx::Error {
    fn from(refusal: Refusal) -> Self {
        Self::Configuration(Box::new(refusal))
    }
}
