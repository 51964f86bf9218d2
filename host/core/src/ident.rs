//! Names of tables, columns and organisations, parsed once at the edge.
//!
//! Everything in the core carries an [`Ident`], never a bare string: what is
//! not a legal name never gets further than the parser here. An `Ident` cannot
//! be printed with `{}`; only the SQL writer (`ddl::writer`) puts one, quoted,
//! into a statement.
//!
//! ```compile_fail
//! let name = hookwright_core::ident::Ident::parse("invoice").unwrap();
//! println!("{name}"); // an `Ident` has no `Display`
//! ```

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Longest name PostgreSQL keeps whole (`NAMEDATALEN - 1`), in bytes.
pub const MAX_BYTES: usize = 63;

/// Names the databases keep for columns of their own: PostgreSQL's system
/// columns refuse a `CREATE TABLE`, SQLite's would hide its row id.
const RESERVED_COLUMNS: &[&str] =
    &["cmax", "cmin", "ctid", "oid", "rowid", "tableoid", "xmax", "xmin", "_rowid_"];

/// Prefixes of tables that belong to the database or to Hookwright.
const RESERVED_TABLES: &[&str] = &["hookwright_", "pg_", "sqlite_"];

/// A name of a table, column or constraint: 1 to 63 of `A-Z a-z 0-9 _`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ident(Arc<str>);

/// Why a string is not a name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdentError {
    /// The string is empty.
    #[error("a name is empty; give it 1 to 63 of the characters A-Z a-z 0-9 _")]
    Empty,
    /// The string is longer than the database keeps.
    #[error(
        "the name \"{}…\" has {len} bytes, {MAX_BYTES} is the most PostgreSQL keeps; shorten it", .start
    )]
    TooLong {
        /// How it begins.
        start: String,
        /// Its length in bytes.
        len: usize,
    },
    /// A character that is not allowed in names.
    #[error("the name {} has {found} at position {at}; such a name has only {allowed}", quoted(.name))]
    Character {
        /// The whole string.
        name: String,
        /// The character, described so that it can be printed.
        found: String,
        /// Its position, counted in characters from 1.
        at: usize,
        /// The characters that are allowed.
        allowed: &'static str,
    },
    /// The database or Hookwright keeps this name for itself.
    #[error("the name \"{name}\" is reserved: {why}; choose another")]
    Reserved {
        /// The name.
        name: String,
        /// Who reserved it.
        why: &'static str,
    },
}

impl Ident {
    /// Parses a name.
    ///
    /// # Errors
    /// An [`IdentError`] that says which character, or how many bytes, are wrong.
    pub fn parse(text: &str) -> Result<Self, IdentError> {
        check(text, "A-Z a-z 0-9 _", |c| c.is_ascii_alphanumeric() || c == '_')?;
        Ok(Self(text.into()))
    }

    /// Parses the name of a table; refuses those the databases and Hookwright keep for themselves.
    ///
    /// # Errors
    /// As [`Ident::parse`], and [`IdentError::Reserved`].
    pub fn table(text: &str) -> Result<Self, IdentError> {
        let ident = Self::parse(text)?;
        let lower = text.to_ascii_lowercase();
        match RESERVED_TABLES.iter().find(|prefix| lower.starts_with(**prefix)) {
            Some(_) => Err(reserved(text, "tables that begin so belong to the database or to the host")),
            None => Ok(ident),
        }
    }

    /// Parses the name of a column; refuses those of the databases' system columns.
    ///
    /// # Errors
    /// As [`Ident::parse`], and [`IdentError::Reserved`].
    pub fn column(text: &str) -> Result<Self, IdentError> {
        let ident = Self::parse(text)?;
        let lower = text.to_ascii_lowercase();
        if RESERVED_COLUMNS.contains(&lower.as_str()) {
            return Err(reserved(text, "a system column of PostgreSQL or SQLite has it"));
        }
        if lower.starts_with("hookwright_") {
            return Err(reserved(text, "columns that begin so belong to the host"));
        }
        Ok(ident)
    }

    /// A name made of parts that are names already.
    pub(crate) fn from_parts(text: String) -> Self {
        debug_assert!(Self::parse(&text).is_ok(), "{text:?}");
        Self(text.into())
    }

    /// The name, for comparing and for messages; SQL is written by the SQL writer alone.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether two names would be one on a database that ignores case (SQLite does).
    #[must_use]
    pub fn collides(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

fn reserved(name: &str, why: &'static str) -> IdentError {
    IdentError::Reserved { name: name.to_owned(), why }
}

fn check(text: &str, allowed: &'static str, fits: fn(char) -> bool) -> Result<(), IdentError> {
    if text.is_empty() {
        return Err(IdentError::Empty);
    }
    if text.len() > MAX_BYTES {
        let start = text.chars().take(24).filter(|c| c.is_ascii_graphic()).collect();
        return Err(IdentError::TooLong { start, len: text.len() });
    }
    match text.chars().enumerate().find(|(_, c)| !fits(*c)) {
        None => Ok(()),
        Some((index, c)) => {
            Err(IdentError::Character { name: text.to_owned(), found: describe(c), at: index + 1, allowed })
        }
    }
}

fn describe(c: char) -> String {
    if c == ' ' {
        "a space".into()
    } else if c.is_ascii_graphic() {
        format!("'{c}'")
    } else {
        format!("U+{:04X}", c as u32)
    }
}

/// A hostile string made fit for a message: quoted, with what is not ASCII escaped.
#[must_use]
pub fn quoted(text: &str) -> String {
    format!("\"{}\"", text.escape_default())
}

/// How long a text is that [`plain`] makes, in bytes, up to one more character.
const PLAIN_BYTES: usize = 2_000;

/// A message in which a library quotes a hostile string: without control characters, and not longer than a message is.
#[must_use]
pub fn plain(message: &str) -> String {
    let mut told = String::new();
    for c in message.chars() {
        match c {
            _ if told.len() >= PLAIN_BYTES => return told + "…",
            c if c.is_control() => told.extend(c.escape_default()),
            c => told.push(c),
        }
    }
    told
}

impl fmt::Debug for Ident {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", &*self.0)
    }
}

impl Serialize for Ident {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Ident {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

/// The name of an organisation, which is also its PostgreSQL schema: 1 to 63 of
/// `a-z 0-9 _ -`, beginning with a letter or digit.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OrgName(Arc<str>);

impl OrgName {
    /// Parses an organisation's name.
    ///
    /// # Errors
    /// An [`IdentError`]; schemas of the database and of the host are reserved.
    pub fn parse(text: &str) -> Result<Self, IdentError> {
        check(text, "a-z 0-9 _ -", |c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '-')?;
        let own = text.starts_with("pg_") || matches!(text, "information_schema" | "hookwright");
        if own || text.starts_with('-') {
            let why = "schemas named so belong to the database or to the host, or read as an option";
            return Err(reserved(text, why));
        }
        Ok(Self(text.into()))
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for OrgName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", &*self.0)
    }
}

impl fmt::Display for OrgName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for OrgName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for OrgName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_what_people_call_things() {
        for name in ["invoice", "from", "order", "2fa", "_x", "camelCase", &"a".repeat(63)] {
            assert!(Ident::parse(name).is_ok(), "{name}");
        }
    }

    #[test]
    fn rejects_what_is_not_a_name() {
        for name in ["", "a b", "a\"b", "a;--", "naïve", "a\u{0}b", "a-b", &"a".repeat(64)] {
            assert!(Ident::parse(name).is_err(), "{name:?}");
        }
    }

    #[test]
    fn reserves_the_databases_own_names() {
        assert!(Ident::column("ctid").is_err());
        assert!(Ident::column("RowID").is_err());
        assert!(Ident::table("pg_class").is_err());
        assert!(Ident::table("hookwright_change").is_err());
        assert!(Ident::table("ctid").is_ok());
    }

    #[test]
    fn organisations_may_have_hyphens() {
        assert!(OrgName::parse("acme-corp").is_ok());
        assert!(OrgName::parse("pg_toast").is_err());
        assert!(OrgName::parse("Acme").is_err());
        assert!(OrgName::parse("-rf").is_err());
    }
}
