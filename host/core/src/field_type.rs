//! The types a field can have, and so a column.

use serde::{Deserialize, Serialize};

use crate::ident::quoted;

/// Characters a `String` has room for when its spec does not say.
pub const DEFAULT_LENGTH: u32 = 100;
/// Longest `String`; PostgreSQL's limit for `varchar(n)`.
pub const MAX_LENGTH: u32 = 10_485_760;
/// Most digits of a `Decimal`; PostgreSQL's limit for a declared `numeric`.
pub const MAX_PRECISION: u32 = 1000;
/// Most values of an `Enum`; past that a table with a reference serves better.
pub const MAX_VALUES: usize = 1000;
/// Longest value of an `Enum`, in bytes: what an index of either database can hold.
pub const MAX_VALUE_BYTES: usize = 1000;

/// The type of a field or column.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "type")]
pub enum FieldType {
    /// Text of at most `length` characters.
    #[serde(rename = "String")]
    String {
        /// Most characters.
        length: u32,
    },
    /// Text of any length.
    #[serde(rename = "Text")]
    Text,
    /// 32-bit integer.
    #[serde(rename = "Int")]
    Int,
    /// 64-bit integer.
    #[serde(rename = "BigInt")]
    BigInt,
    /// IEEE 754 double precision.
    #[serde(rename = "Float")]
    Float,
    /// Exact decimal.
    #[serde(rename = "Decimal")]
    Decimal {
        /// Digits in all.
        precision: u32,
        /// Digits after the point.
        scale: u32,
    },
    /// True or false.
    #[serde(rename = "Boolean")]
    Boolean,
    /// A calendar day.
    #[serde(rename = "Date")]
    Date,
    /// A time of day.
    #[serde(rename = "Time")]
    Time,
    /// A point in time.
    #[serde(rename = "DateTime")]
    DateTime,
    /// A JSON document.
    #[serde(rename = "Json")]
    Json,
    /// A UUID.
    #[serde(rename = "Uuid")]
    Uuid,
    /// Binary data.
    #[serde(rename = "Bytes")]
    Bytes,
    /// One of a list of texts.
    #[serde(rename = "Enum")]
    Enum {
        /// The texts, in the order they were given.
        values: Vec<String>,
    },
}

/// Why a type's parameters make no sense.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TypeError {
    /// A length outside 1 to [`MAX_LENGTH`].
    #[error("a String of length {0} is not possible; give a length from 1 to {MAX_LENGTH}, or use Text")]
    Length(u32),
    /// A precision or scale outside what the databases keep.
    #[error(
        "a Decimal({precision}, {scale}) is not possible; give a precision from 1 to {MAX_PRECISION} and a scale from 0 to the precision"
    )]
    Decimal {
        /// Digits in all.
        precision: u32,
        /// Digits after the point.
        scale: u32,
    },
    /// An Enum without values, or with too many.
    #[error("an Enum has {0} values; give 1 to {MAX_VALUES}")]
    ValueCount(usize),
    /// The same value twice.
    #[error("the Enum value {} is given twice; remove one", quoted(.0))]
    ValueTwice(String),
    /// A value that is too long.
    #[error("the Enum value {}… has {len} bytes, {MAX_VALUE_BYTES} is the most; shorten it", quoted(.start))]
    ValueLong {
        /// Its first characters.
        start: String,
        /// Its bytes.
        len: usize,
    },
    /// A value no database text can hold.
    #[error("the Enum value {} has a NUL character, which no database text can hold; remove it", quoted(.0))]
    ValueNul(String),
}

impl FieldType {
    /// The values of an `Enum`.
    #[must_use]
    pub fn values(&self) -> Option<&[String]> {
        match self {
            Self::Enum { values } => Some(values),
            _ => None,
        }
    }

    /// Checks the parameters.
    ///
    /// # Errors
    /// The first [`TypeError`] found.
    pub fn validate(&self) -> Result<(), TypeError> {
        match self {
            Self::String { length } if !(1..=MAX_LENGTH).contains(length) => Err(TypeError::Length(*length)),
            Self::Decimal { precision, scale }
                if !(1..=MAX_PRECISION).contains(precision) || scale > precision =>
            {
                Err(TypeError::Decimal { precision: *precision, scale: *scale })
            }
            Self::Enum { values } => validate_values(values),
            _ => Ok(()),
        }
    }

    /// The type's name in events, without its parameters.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::String { .. } => "String",
            Self::Text => "Text",
            Self::Int => "Int",
            Self::BigInt => "BigInt",
            Self::Float => "Float",
            Self::Decimal { .. } => "Decimal",
            Self::Boolean => "Boolean",
            Self::Date => "Date",
            Self::Time => "Time",
            Self::DateTime => "DateTime",
            Self::Json => "Json",
            Self::Uuid => "Uuid",
            Self::Bytes => "Bytes",
            Self::Enum { .. } => "Enum",
        }
    }

    /// The type with its parameters, for people: `String(140)`.
    #[must_use]
    pub fn describe(&self) -> String {
        match self {
            Self::String { length } => format!("String({length})"),
            Self::Decimal { precision, scale } => format!("Decimal({precision}, {scale})"),
            Self::Enum { values } => format!("Enum of {} values", values.len()),
            other => other.name().to_owned(),
        }
    }

    /// Whether a foreign key may pair the two: values of both are stored and compared alike.
    #[must_use]
    pub fn comparable(&self, other: &Self) -> bool {
        self.family() == other.family()
    }

    fn family(&self) -> &'static str {
        match self {
            Self::String { .. } | Self::Text | Self::Enum { .. } => "text",
            Self::Int | Self::BigInt => "integer",
            other => other.name(),
        }
    }
}

fn validate_values(values: &[String]) -> Result<(), TypeError> {
    if values.is_empty() || values.len() > MAX_VALUES {
        return Err(TypeError::ValueCount(values.len()));
    }
    let mut seen = std::collections::BTreeSet::new();
    for value in values {
        if value.len() > MAX_VALUE_BYTES {
            return Err(TypeError::ValueLong { start: value.chars().take(20).collect(), len: value.len() });
        }
        if value.contains('\0') {
            return Err(TypeError::ValueNul(value.clone()));
        }
        if !seen.insert(value) {
            return Err(TypeError::ValueTwice(value.clone()));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_checked() {
        assert!(FieldType::String { length: 0 }.validate().is_err());
        assert!(FieldType::String { length: 140 }.validate().is_ok());
        assert!(FieldType::Decimal { precision: 2, scale: 3 }.validate().is_err());
        assert!(FieldType::Enum { values: vec![] }.validate().is_err());
        let twice = FieldType::Enum { values: vec!["a".into(), "a".into()] };
        assert_eq!(twice.validate(), Err(TypeError::ValueTwice("a".into())));
        let long = FieldType::Enum { values: vec!["a".repeat(MAX_VALUE_BYTES + 1)] };
        let told = long.validate().expect_err("too long").to_string();
        assert_eq!(
            told,
            "the Enum value \"aaaaaaaaaaaaaaaaaaaa\"… has 1001 bytes, 1000 is the most; shorten it"
        );
    }

    #[test]
    fn texts_of_any_length_compare() {
        assert!(FieldType::String { length: 1 }.comparable(&FieldType::Text));
        assert!(!FieldType::Text.comparable(&FieldType::Int));
    }
}
