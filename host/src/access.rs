//! Who may do what: scopes, patterns of organisations, and the principal a token stands for.
//!
//! The control database keeps them, the HTTP surface asks them. No I/O.

use std::fmt;

use hookwright_core::ident::OrgName;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// What a token may do.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, clap::ValueEnum,
)]
pub enum Scope {
    /// Send events and change the metadata.
    #[serde(rename = "events:write")]
    #[value(name = "events:write")]
    EventsWrite,
    /// Read entities and fields.
    #[serde(rename = "metadata:read")]
    #[value(name = "metadata:read")]
    MetadataRead,
    /// Read the ledger.
    #[serde(rename = "changes:read")]
    #[value(name = "changes:read")]
    ChangesRead,
    /// Approve and reject held changes.
    #[serde(rename = "changes:approve")]
    #[value(name = "changes:approve")]
    ChangesApprove,
    /// List plugins.
    #[serde(rename = "plugins:read")]
    #[value(name = "plugins:read")]
    PluginsRead,
    /// Install, enable, disable and remove plugins.
    #[serde(rename = "plugins:write")]
    #[value(name = "plugins:write")]
    PluginsWrite,
    /// Read the host's metrics.
    #[serde(rename = "metrics:read")]
    #[value(name = "metrics:read")]
    MetricsRead,
    /// Everything.
    #[serde(rename = "admin")]
    #[value(name = "admin")]
    Admin,
}

impl Scope {
    /// The scope's name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::EventsWrite => "events:write",
            Self::MetadataRead => "metadata:read",
            Self::ChangesRead => "changes:read",
            Self::ChangesApprove => "changes:approve",
            Self::PluginsRead => "plugins:read",
            Self::PluginsWrite => "plugins:write",
            Self::MetricsRead => "metrics:read",
            Self::Admin => "admin",
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The name of an organisation, or a pattern of names in which `*` stands for any characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct OrgPattern(String);

impl OrgPattern {
    /// Parses a pattern.
    ///
    /// # Errors
    /// `request/invalid`.
    pub fn parse(text: &str) -> Result<Self> {
        let legal = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-' | '*');
        if text.is_empty() || text.len() > 63 || !text.chars().all(legal) {
            let message =
                format!("\"{}\" is not an organisation or a pattern of them", text.escape_default());
            let help = "write a name (a-z 0-9 _ -), a pattern such as \"acme-*\", or \"*\" for all";
            return Err(Error::new("request/invalid", message).help(help));
        }
        Ok(Self(text.to_owned()))
    }

    /// What the more specific of two patterns has more of: names before patterns, then those that fix more characters.
    #[must_use]
    pub fn specificity(&self) -> (bool, usize, &str) {
        (!self.0.contains('*'), self.0.chars().filter(|c| *c != '*').count(), &self.0)
    }

    /// Whether it reaches an organisation.
    #[must_use]
    pub fn matches(&self, org: &OrgName) -> bool {
        let Some((head, rest)) = self.0.split_once('*') else {
            return self.0 == org.as_str();
        };
        let Some(mut name) = org.as_str().strip_prefix(head) else {
            return false;
        };
        let mut parts: Vec<&str> = rest.split('*').collect();
        let tail = parts.pop().unwrap_or_default();
        for part in parts {
            match name.find(part) {
                Some(at) => name = &name[at + part.len()..],
                None => return false,
            }
        }
        name.ends_with(tail)
    }
}

impl TryFrom<String> for OrgPattern {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        Self::parse(&text)
    }
}

impl From<OrgPattern> for String {
    fn from(pattern: OrgPattern) -> Self {
        pattern.0
    }
}

impl fmt::Display for OrgPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a request showed of its sender.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credential {
    /// Nothing: whoever sits at a developer's machine.
    Local,
    /// A token.
    Token {
        /// Its id.
        id: String,
        /// Its name.
        name: String,
    },
    /// A signature, made with the key of a webhook.
    Webhook {
        /// The key's id.
        id: String,
        /// Its name.
        name: String,
    },
}

/// Who sends a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// What it showed.
    pub credential: Credential,
    /// The organisations it reaches.
    pub orgs: Vec<OrgPattern>,
    /// What it may do there.
    pub scopes: Vec<Scope>,
}

impl Principal {
    /// Whoever sits at the machine: may do everything.
    #[must_use]
    pub fn local() -> Self {
        let orgs = vec![OrgPattern("*".to_owned())];
        Self { credential: Credential::Local, orgs, scopes: vec![Scope::Admin] }
    }

    /// Who signs with the key of a webhook: sends events to its organisation, and nothing else.
    #[must_use]
    pub fn webhook(id: String, name: String, org: &OrgName) -> Self {
        let orgs = vec![OrgPattern(org.as_str().to_owned())];
        Self { credential: Credential::Webhook { id, name }, orgs, scopes: vec![Scope::EventsWrite] }
    }

    /// Who it is, as the ledger's actor.
    #[must_use]
    pub fn actor(&self) -> Option<String> {
        match &self.credential {
            Credential::Local => None,
            Credential::Token { name, .. } => Some(format!("token:{name}")),
            Credential::Webhook { name, .. } => Some(format!("webhook:{name}")),
        }
    }

    /// Whether it reaches an organisation.
    #[must_use]
    pub fn reaches(&self, org: &OrgName) -> bool {
        self.orgs.iter().any(|p| p.matches(org))
    }

    /// Checks a scope.
    ///
    /// # Errors
    /// `auth/forbidden`.
    pub fn require(&self, scope: Scope) -> Result<()> {
        match self.scopes.iter().any(|s| *s == scope || *s == Scope::Admin) {
            true => Ok(()),
            false => Err(self.forbidden(scope)),
        }
    }

    fn forbidden(&self, scope: Scope) -> Error {
        let who = match &self.credential {
            Credential::Local => "whoever is at the machine".to_owned(),
            Credential::Token { name, .. } => format!("the token \"{}\"", name.escape_default()),
            Credential::Webhook { name, .. } => format!("the webhook's key \"{}\"", name.escape_default()),
        };
        let has: Vec<_> = self.scopes.iter().map(ToString::to_string).collect();
        let orgs: Vec<_> = self.orgs.iter().map(|of| format!(" --org '{}'", of.0)).collect();
        let message = format!("{who} lacks the scope \"{scope}\"; it has {}", has.join(", "));
        Error::new("auth/forbidden", message).help(format!(
            "use a token that has it, or have one made where the host runs: hookwright token create --name NAME{} --scope {scope}",
            orgs.concat()
        ))
    }

    /// Checks reach and scope. What is out of reach is told as what does not exist, so that nothing is learnt.
    ///
    /// # Errors
    /// `org/not-found`, `auth/forbidden`.
    pub fn on(&self, org: &OrgName, scope: Scope) -> Result<()> {
        match self.reaches(org) {
            true => self.require(scope),
            false => Err(no_such_org(org.as_str())),
        }
    }
}

/// The one answer for an organisation that is not there, or not for the asker.
#[must_use]
pub fn no_such_org(name: &str) -> Error {
    let name: String = name.chars().take(63).collect();
    Error::new("org/not-found", format!("there is no organisation \"{}\"", name.escape_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, name: &str) -> bool {
        let pattern = OrgPattern::parse(pattern).expect("a pattern");
        pattern.matches(&OrgName::parse(name).expect("a name"))
    }

    #[test]
    fn patterns_match_whole_names() {
        for (pattern, name) in
            [("*", "a"), ("acme", "acme"), ("acme-*", "acme-eu"), ("*-eu", "acme-eu"), ("a*e*u", "acme-eu")]
        {
            assert!(matches(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in [
            ("acme", "acme2"),
            ("acme-*", "acme"),
            ("*-eu", "acme-eu2"),
            ("ab*ba", "aba"),
            ("a*x*u", "acme-eu"),
        ] {
            assert!(!matches(pattern, name), "{pattern} {name}");
        }
        assert!(OrgPattern::parse("Acme").is_err());
    }

    #[test]
    fn out_of_reach_is_not_there() {
        let one = Principal {
            credential: Credential::Local,
            orgs: vec![OrgPattern("acme".into())],
            scopes: vec![Scope::ChangesRead],
        };
        let org = |name| OrgName::parse(name).expect("a name");
        assert!(one.on(&org("acme"), Scope::ChangesRead).is_ok());
        let code = |r: Result<()>| r.expect_err("refused").code;
        assert_eq!(code(one.on(&org("acme"), Scope::EventsWrite)), "auth/forbidden");
        let told = one.on(&org("acme"), Scope::EventsWrite).expect_err("it lacks the scope");
        assert!(told.help.ends_with("--org 'acme' --scope events:write"), "{}", told.help);
        assert_eq!(code(one.on(&org("other"), Scope::ChangesRead)), "org/not-found");
    }
}
