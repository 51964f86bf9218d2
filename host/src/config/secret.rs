//! Addresses of databases: they carry passwords, so they are printed redacted, whoever prints them.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::error::{Error, Result};

/// The address of an org's database. `Debug`, `Display` and JSON show it without its password.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct DatabaseUrl(String);

/// Which database an address is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Scheme {
    Postgres,
    Sqlite,
}

impl DatabaseUrl {
    /// Takes an address whose scheme is known: `postgres://`, `postgresql://`, `sqlite:`.
    ///
    /// # Errors
    /// `request/invalid`; the message shows no password.
    pub fn parse(text: &str) -> Result<Self> {
        if scheme(text).is_none() || text.chars().any(char::is_control) {
            let message = format!("\"{}\" is not the address of a database", redact(text).escape_default());
            let help = "write postgres://USER:PASSWORD@HOST:PORT/NAME, or sqlite:PATH";
            return Err(Error::new("request/invalid", message).help(help));
        }
        Ok(Self(text.to_owned()))
    }

    /// The address with a SQLite path that does not depend on the working directory.
    #[must_use]
    pub fn absolute(self) -> Self {
        let Some(path) = self.sqlite_path().filter(|path| path.is_relative()) else { return self };
        match std::path::absolute(path) {
            Ok(path) => Self(format!("sqlite:{}", path.display())),
            Err(_) => self,
        }
    }

    /// The path of a SQLite address without parameters.
    #[must_use]
    pub fn sqlite_path(&self) -> Option<&std::path::Path> {
        let path = self.0.strip_prefix("sqlite:").filter(|rest| !rest.contains('?'))?;
        Some(std::path::Path::new(path.strip_prefix("//").unwrap_or(path)))
    }

    /// The address with its password, for the driver alone.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Which database it is of.
    #[must_use]
    pub fn scheme(&self) -> Scheme {
        scheme(&self.0).unwrap_or(Scheme::Sqlite)
    }
}

fn scheme(text: &str) -> Option<Scheme> {
    let after = |prefix: &str| text.strip_prefix(prefix).is_some_and(|rest| !rest.is_empty());
    if after("postgres://") || after("postgresql://") {
        Some(Scheme::Postgres)
    } else if after("sqlite:") {
        Some(Scheme::Sqlite)
    } else {
        None
    }
}

/// An address without what is secret in it. Whatever it cannot tell apart, it hides.
#[must_use]
pub fn redact(url: &str) -> String {
    let (address, query) = match url.split_once('?') {
        // A password may hold a bare "?": then the last "@" comes after it.
        Some((address, query)) if !query.contains('@') => (address, Some(query)),
        _ => (url, None),
    };
    let shown = without_password(address);
    match query {
        None => shown,
        Some(query) => {
            let parts: Vec<_> = query.split('&').map(without_secret).collect();
            format!("{shown}?{}", parts.join("&"))
        }
    }
}

/// A message in which addresses may stand, without what is secret in them.
#[must_use]
pub fn redact_text(text: &str) -> String {
    let word = |word: &str| if word.contains("://") { redact(word) } else { word.to_owned() };
    text.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

fn without_password(address: &str) -> String {
    let start = address.find("://").map_or(0, |at| at + 3);
    let Some(end) = address.rfind('@').filter(|end| *end >= start) else {
        return without_broken_login(address, start);
    };
    match address[start..end].find(':') {
        Some(colon) => format!("{}:***{}", &address[..start + colon], &address[end..]),
        None => address.to_owned(),
    }
}

/// Where a host should be, something stands before a colon that no port follows: it may be a login whose "@" was forgotten.
fn without_broken_login(address: &str, start: usize) -> String {
    let place = &address[start..];
    let colon = place.find(':').filter(|_| start > 0 && !place.starts_with('['));
    let port = |rest: &str| rest.split('/').next().is_some_and(|p| p.bytes().all(|b| b.is_ascii_digit()));
    match colon.filter(|colon| !port(&place[colon + 1..])) {
        Some(colon) => format!("{}:***", &address[..start + colon]),
        None => address.to_owned(),
    }
}

fn without_secret(part: &str) -> String {
    let secret =
        |key: &str| ["pass", "secret", "key", "token"].iter().any(|s| key.to_lowercase().contains(s));
    match part.split_once('=') {
        Some((key, _)) if secret(key) => format!("{key}=***"),
        _ => part.to_owned(),
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", redact(&self.0))
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&redact(&self.0))
    }
}

impl Serialize for DatabaseUrl {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.serialize_str(&redact(&self.0))
    }
}

impl<'de> Deserialize<'de> for DatabaseUrl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_password_is_shown() {
        for (url, shown) in [
            ("postgres://u:geheim@h:5432/d", "postgres://u:***@h:5432/d"),
            ("postgres://u:ge/he@im@h/d", "postgres://u:***@h/d"),
            ("postgres://u:ge?he@h/d", "postgres://u:***@h/d"),
            (
                "postgres://u@h/d?sslmode=require&password=geheim",
                "postgres://u@h/d?sslmode=require&password=***",
            ),
            ("postgres://h:5432/d", "postgres://h:5432/d"),
            ("postgres://[::1]:5432/d", "postgres://[::1]:5432/d"),
            ("postgres://u:ge/heim", "postgres://u:***"),
            ("sqlite:./acme.db", "sqlite:./acme.db"),
        ] {
            assert_eq!(redact(url), shown);
        }
    }

    #[test]
    fn messages_keep_all_but_the_password() {
        let text = "mail a:b@c: no pool for postgres://u:geheim@h/d in 5 s";
        assert_eq!(redact_text(text), "mail a:b@c: no pool for postgres://u:***@h/d in 5 s");
    }

    #[test]
    fn no_form_of_it_shows_the_password() {
        let url = DatabaseUrl::parse("postgres://u:geheim@h/d").expect("an address");
        let json = serde_json::to_string(&url).expect("JSON");
        assert!(!format!("{url} {url:?} {json}").contains("geheim"));
        assert!(url.expose().contains("geheim"));
        let error = DatabaseUrl::parse("mysql://u:geheim@h/d").expect_err("unknown scheme");
        assert!(!error.to_string().contains("geheim"), "{error}");
    }
}
