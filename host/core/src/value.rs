//! Default values: typed, in one canonical form each, so that equal meanings are equal values.

use jiff::civil;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::field_type::FieldType;
use crate::ident::quoted;

/// Longest text of a default, in bytes; the catalogue keeps a default in one row.
pub const MAX_BYTES: usize = 4096;
/// Characters of a value that an error shows.
const SHOWN_CHARS: usize = 60;

/// What a column holds when a row does not say. The variant fits the column's type.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum DefaultValue {
    /// For `Boolean`.
    Boolean(bool),
    /// For `Int` and `BigInt`.
    Integer(i64),
    /// For `Float`; finite.
    Float(f64),
    /// For `Decimal`: digits with as many decimals as the type has, such as `-1.50`.
    Decimal(String),
    /// For `String`, `Text` and `Enum`.
    Text(String),
    /// For `Date`: `2024-01-31`.
    Date(String),
    /// For `Time`: `13:45:00`.
    Time(String),
    /// For `DateTime`, in UTC: `2024-01-31T13:45:00Z`.
    DateTime(String),
    /// For `Json`: the document, compact.
    Json(Json),
    /// For `Uuid`: lower case, with hyphens.
    Uuid(String),
    /// For `Bytes`: lower-case hex digits.
    Bytes(String),
    /// The time of the insert; for `Date`, `Time` and `DateTime`.
    Now,
}

/// A default that its type cannot hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the default {value} does not fit the type {wanted}; {hint}")]
pub struct DefaultError {
    value: String,
    wanted: String,
    hint: &'static str,
}

impl DefaultValue {
    /// Reads a default from JSON for a column of type `ty`.
    ///
    /// # Errors
    /// A [`DefaultError`] that shows the value, the type and what would do.
    pub fn from_json(json: &Json, ty: &FieldType) -> Result<Self, DefaultError> {
        let parsed = if size(json) > MAX_BYTES {
            None
        } else if is_now(json) {
            now(ty)
        } else {
            typed(json, ty)
        };
        parsed.ok_or_else(|| DefaultError { value: shown(json), wanted: ty.describe(), hint: hint(ty) })
    }

    /// The JSON an event would give for this default.
    #[must_use]
    pub fn to_json(&self) -> Json {
        match self {
            Self::Boolean(b) => Json::from(*b),
            Self::Integer(i) => Json::from(*i),
            Self::Float(x) => Json::from(*x),
            Self::Decimal(s)
            | Self::Text(s)
            | Self::Date(s)
            | Self::Time(s)
            | Self::DateTime(s)
            | Self::Uuid(s)
            | Self::Bytes(s) => Json::from(s.as_str()),
            Self::Json(document) => document.clone(),
            Self::Now => serde_json::json!({ "function": "now" }),
        }
    }

    /// Bytes of its text.
    #[must_use]
    pub fn text_bytes(&self) -> usize {
        match self {
            Self::Boolean(_) | Self::Integer(_) | Self::Float(_) | Self::Now => 0,
            // As much as it may have: to know better it would have to be printed.
            Self::Json(_) => MAX_BYTES,
            Self::Decimal(s)
            | Self::Text(s)
            | Self::Date(s)
            | Self::Time(s)
            | Self::DateTime(s)
            | Self::Uuid(s)
            | Self::Bytes(s) => s.len(),
        }
    }

    /// The same default for another type, where it fits.
    #[must_use]
    pub fn retyped(&self, ty: &FieldType) -> Option<Self> {
        let json = match (self, ty) {
            (Self::Json(document), _) => document.clone(),
            (own, FieldType::String { .. } | FieldType::Text | FieldType::Enum { .. }) => {
                match own.to_json() {
                    Json::String(s) => Json::String(s),
                    Json::Object(_) => return None,
                    other => Json::String(other.to_string()),
                }
            }
            (own, _) => own.to_json(),
        };
        Self::from_json(&json, ty).ok()
    }
}

/// The bytes of a text, or of what else is printed.
fn size(json: &Json) -> usize {
    match json {
        Json::String(text) => text.len(),
        Json::Array(_) | Json::Object(_) => json.to_string().len(),
        _ => 0,
    }
}

fn is_now(json: &Json) -> bool {
    *json == serde_json::json!({ "function": "now" })
}

fn now(ty: &FieldType) -> Option<DefaultValue> {
    let temporal = matches!(ty, FieldType::Date | FieldType::Time | FieldType::DateTime | FieldType::Json);
    match ty {
        FieldType::Json => Some(DefaultValue::Json(serde_json::json!({ "function": "now" }))),
        _ => temporal.then_some(DefaultValue::Now),
    }
}

fn typed(json: &Json, ty: &FieldType) -> Option<DefaultValue> {
    use DefaultValue as D;
    let text = json.as_str();
    Some(match ty {
        FieldType::Boolean => D::Boolean(json.as_bool()?),
        FieldType::Int => D::Integer(i64::from(i32::try_from(integer(json)?).ok()?)),
        FieldType::BigInt => D::Integer(integer(json)?),
        FieldType::Float => D::Float(json.as_f64().filter(|x| x.is_finite())?),
        FieldType::Decimal { precision, scale } => D::Decimal(decimal(json, *precision, *scale)?),
        FieldType::String { length } => D::Text(fitting(text?, *length)?),
        FieldType::Text => D::Text(text?.to_owned()),
        FieldType::Enum { values } => D::Text(values.iter().find(|v| *v == text.unwrap_or("\0"))?.clone()),
        FieldType::Date => {
            D::Date(text?.parse::<civil::Date>().ok().filter(|d| common(d.year()))?.to_string())
        }
        FieldType::Time => D::Time(text?.parse::<civil::Time>().ok()?.to_string()),
        FieldType::DateTime => D::DateTime(instant(text?)?),
        FieldType::Json => D::Json(json.clone()),
        FieldType::Uuid => D::Uuid(uuid(text?)?),
        FieldType::Bytes => D::Bytes(hex_digits(text?)?),
    })
}

fn integer(json: &Json) -> Option<i64> {
    match json.as_i64() {
        Some(i) => Some(i),
        // A whole number written with a point; beyond 2^53 a double no longer says which.
        None => {
            json.as_f64().filter(|x| x.fract() == 0.0 && x.abs() < 9_007_199_254_740_992.0).map(|x| x as i64)
        }
    }
}

fn fitting(text: &str, length: u32) -> Option<String> {
    (text.chars().count() <= length as usize).then(|| text.to_owned())
}

/// Digits of `json` with exactly `scale` decimals, if they fit `precision`.
fn decimal(json: &Json, precision: u32, scale: u32) -> Option<String> {
    let written = match json {
        Json::String(s) => s.clone(),
        Json::Number(n) => n.to_string(),
        _ => return None,
    };
    let (sign, digits) = match written.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", written.as_str()),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let all_digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || !all_digits(whole) || !all_digits(fraction) {
        return None;
    }
    let (whole, fraction) = (whole.trim_start_matches('0'), fraction.trim_end_matches('0'));
    let scale = scale as usize;
    if fraction.len() > scale || whole.len() > precision as usize - scale {
        return None;
    }
    let whole = if whole.is_empty() { "0" } else { whole };
    let zero = whole == "0" && fraction.is_empty();
    let sign = if zero { "" } else { sign };
    let point = if scale == 0 { "" } else { "." };
    Some(format!("{sign}{whole}{point}{fraction:0<scale$}"))
}

fn instant(text: &str) -> Option<String> {
    let stamp = match text.parse::<jiff::Timestamp>() {
        Ok(stamp) => stamp,
        Err(_) => {
            let civil = text.parse::<civil::DateTime>().ok()?;
            civil.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp()
        }
    };
    common(stamp.to_zoned(jiff::tz::TimeZone::UTC).year()).then(|| stamp.to_string())
}

/// Years that both databases write with four digits.
fn common(year: i16) -> bool {
    (1..=9999).contains(&year)
}

fn uuid(text: &str) -> Option<String> {
    let digits = hex_digits(&text.replace('-', "")).filter(|d| d.len() == 32)?;
    let parts = [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]];
    Some(parts.join("-"))
}

fn hex_digits(text: &str) -> Option<String> {
    let text = text.strip_prefix("\\x").unwrap_or(text);
    let legal = text.len().is_multiple_of(2) && text.bytes().all(|b| b.is_ascii_hexdigit());
    legal.then(|| text.to_ascii_lowercase())
}

/// A value, short: of a long text no more is printed than is shown.
fn shown(json: &Json) -> String {
    match json {
        Json::String(text) => match text.char_indices().nth(SHOWN_CHARS) {
            Some((end, _)) => shorten(&Json::from(&text[..end]).to_string()),
            None => shorten(&json.to_string()),
        },
        other => shorten(&other.to_string()),
    }
}

fn shorten(text: &str) -> String {
    match text.char_indices().nth(SHOWN_CHARS) {
        Some((end, _)) => format!("{}…", quoted(&text[..end])),
        None => text.escape_default().to_string().replace("\\\"", "\""),
    }
}

fn hint(ty: &FieldType) -> &'static str {
    match ty {
        FieldType::Boolean => "give true or false",
        FieldType::Int => "give a whole number of 32 bits",
        FieldType::BigInt => "give a whole number of 64 bits",
        FieldType::Float => "give a number",
        FieldType::Decimal { .. } => "give a number, or its digits as text, within the precision and scale",
        FieldType::String { .. } => "give a text within the length, of at most 4096 bytes",
        FieldType::Text => "give a text of at most 4096 bytes",
        FieldType::Enum { .. } => "give one of the values",
        FieldType::Date => {
            "give a day of the years 1 to 9999, such as \"2024-01-31\", or {\"function\":\"now\"}"
        }
        FieldType::Time => "give a time such as \"13:45:00\", or {\"function\":\"now\"}",
        FieldType::DateTime => {
            "give an instant of the years 1 to 9999, such as \"2024-01-31T13:45:00Z\", or {\"function\":\"now\"}"
        }
        FieldType::Json => "give a JSON document of at most 4096 bytes",
        FieldType::Uuid => "give a UUID of 32 hex digits",
        FieldType::Bytes => "give an even number of hex digits",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(json: Json, ty: FieldType) -> Option<DefaultValue> {
        DefaultValue::from_json(&json, &ty).ok()
    }

    #[test]
    fn decimals_are_exact_and_canonical() {
        let ty = FieldType::Decimal { precision: 5, scale: 2 };
        assert_eq!(read(json!("1.5"), ty.clone()), Some(DefaultValue::Decimal("1.50".into())));
        assert_eq!(read(json!(-0.0), ty.clone()), Some(DefaultValue::Decimal("0.00".into())));
        assert_eq!(read(json!("1000"), ty.clone()), None);
        assert_eq!(read(json!("1.555"), ty.clone()), None);
        assert_eq!(read(json!("1'; DROP"), ty), None);
    }

    #[test]
    fn times_are_put_in_utc() {
        let at = read(json!("2024-01-31T15:45:00+02:00"), FieldType::DateTime);
        assert_eq!(at, Some(DefaultValue::DateTime("2024-01-31T13:45:00Z".into())));
        assert_eq!(read(json!({"function": "now"}), FieldType::Date), Some(DefaultValue::Now));
        assert_eq!(read(json!({"function": "now"}), FieldType::Int), None);
    }

    #[test]
    fn numbers_keep_their_range() {
        assert_eq!(read(json!(2_147_483_648_i64), FieldType::Int), None);
        assert_eq!(read(json!(1.0), FieldType::Int), Some(DefaultValue::Integer(1)));
        assert_eq!(read(json!("x"), FieldType::String { length: 0 }), None);
    }

    #[test]
    fn what_fits_another_type_goes_along() {
        let text = FieldType::Text;
        assert_eq!(DefaultValue::Integer(7).retyped(&text), Some(DefaultValue::Text("7".into())));
        assert_eq!(DefaultValue::Text("x".into()).retyped(&FieldType::Int), None);
    }
}
