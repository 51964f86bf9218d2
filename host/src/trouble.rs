//! A trouble that was recognised by its cause: what was found, what it means, what to do next.
//!
//! Plain data. `db` and `doctor` make it; errors, the command line and HTTP tell it.

use serde::{Deserialize, Serialize};

/// A trouble with its cause.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Trouble {
    /// A stable code, such as `db/nothing-listens`.
    pub code: String,
    /// How bad it is.
    pub severity: Severity,
    /// What was found: names the cause.
    pub found: String,
    /// What that means.
    pub means: String,
    /// The command or statement that ends it.
    pub next: String,
    /// What `doctor --fix` would do about it, if it may.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fix: Option<Fix>,
}

/// How bad a trouble is, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Something does not work, or will not.
    Broken,
    /// Something works, and is about not to.
    Warning,
    /// Something could be better.
    Note,
}

/// What is safe to do without asking, and the host's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case", tag = "do")]
pub enum Fix {
    /// End a session of a host that is stuck.
    EndSession {
        /// Its process id.
        pid: i32,
    },
    /// Go on with changes whose host is gone.
    Resume,
    /// Make again what is missing of the bookkeeping, and holds no rows.
    PutBack,
    /// Take away what steps of a change left whose rows are gone.
    Clear,
}

impl Trouble {
    /// Something that does not work.
    #[must_use]
    pub fn broken(code: &str, found: impl Into<String>, means: impl Into<String>) -> Self {
        let (found, means) = (found.into(), means.into());
        Self {
            code: code.to_owned(),
            severity: Severity::Broken,
            found,
            means,
            next: String::new(),
            fix: None,
        }
    }

    /// Something that is about not to work.
    #[must_use]
    pub fn warning(code: &str, found: impl Into<String>, means: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::broken(code, found, means) }
    }

    /// Something that could be better.
    #[must_use]
    pub fn note(code: &str, found: impl Into<String>, means: impl Into<String>) -> Self {
        Self { severity: Severity::Note, ..Self::broken(code, found, means) }
    }

    /// With what to do next.
    #[must_use]
    pub fn next(mut self, next: impl Into<String>) -> Self {
        self.next = next.into();
        self
    }

    /// With what `--fix` does.
    #[must_use]
    pub fn fixed_by(mut self, fix: Fix) -> Self {
        self.fix = Some(fix);
        self
    }

    /// What it means and what to do, as an error's advice.
    #[must_use]
    pub fn advice(&self) -> String {
        format!("{}; {}", self.means, self.next)
    }
}

impl From<Trouble> for crate::error::Error {
    fn from(trouble: Trouble) -> Self {
        let advice = trouble.advice();
        Self::new(crate::catalogue::of_database(&trouble.code), trouble.found)
            .coded(trouble.code)
            .help(advice)
    }
}
