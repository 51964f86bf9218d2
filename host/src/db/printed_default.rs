//! A default as a database prints it, read back into the typed value it was made from. For the inspectors.

use hookwright_core::field_type::FieldType;
use hookwright_core::value::DefaultValue;
use serde_json::Value as Json;

use super::tokens::{Cursor, Kind, Token, tokenize};

/// Words and functions that stand for the time of the insert, on either database.
const NOW: &[&str] =
    &["now", "current_timestamp", "current_date", "current_time", "localtime", "localtimestamp"];
/// SQLite's functions that do so with the argument `'now'`.
const NOW_OF: &[&str] = &["strftime", "datetime", "date", "time"];
/// Words that can follow the first one of a PostgreSQL type.
const TYPE_WORDS: &[&str] = &["varying", "precision", "with", "without", "time", "zone"];

/// Reads a printed default. `Ok(None)` is a default of `NULL`; an error is one that the model cannot express.
pub(super) fn parse(printed: &str, ty: &FieldType) -> Result<Option<DefaultValue>, ()> {
    let tokens = tokenize(printed).ok_or(())?;
    let bare = bare(&tokens);
    if is_now(&bare) {
        let now = serde_json::json!({ "function": "now" });
        return DefaultValue::from_json(&now, ty).map(Some).map_err(drop);
    }
    let json = match bare.as_slice() {
        [Kind::Word(word)] if word == "null" => return Ok(None),
        [Kind::Word(word)] if word == "true" || word == "false" => Json::Bool(word == "true"),
        [Kind::Text(text)] => from_text(text, ty).ok_or(())?,
        [Kind::Blob(hex)] => Json::from(hex.as_str()),
        [Kind::Number(number)] => from_number(number.clone(), ty).ok_or(())?,
        [Kind::Sign(minus), Kind::Number(number)] if minus == "-" => {
            from_number(format!("-{number}"), ty).ok_or(())?
        }
        _ => return Err(()),
    };
    DefaultValue::from_json(&json, ty).map(Some).map_err(drop)
}

/// What is left without parentheses, commas, casts and time zones.
fn bare(tokens: &[Token]) -> Vec<Kind> {
    let mut left = Vec::new();
    let mut cursor = Cursor::new(tokens);
    while let Some(token) = cursor.peek() {
        if cursor.eat_sign("::") {
            skip_type(&mut cursor);
        } else if cursor.eat(&["at", "time", "zone"]) {
            cursor.take();
        } else {
            cursor.take();
            if !["(", ")", ","].iter().any(|s| token.is_sign(s)) {
                left.push(token.kind.clone());
            }
        }
    }
    left
}

fn skip_type(cursor: &mut Cursor<'_>) {
    cursor.take();
    if cursor.eat_sign(".") {
        cursor.take();
    }
    cursor.group();
    while cursor.peek().is_some_and(|t| TYPE_WORDS.iter().any(|w| t.is_word(w))) {
        cursor.take();
        cursor.group();
    }
    if cursor.eat_sign("[") {
        cursor.eat_sign("]");
    }
}

fn is_now(bare: &[Kind]) -> bool {
    match bare {
        [Kind::Word(word)] => NOW.contains(&word.as_str()),
        [Kind::Text(text)] => text == "now",
        [Kind::Word(word), arguments @ ..] => {
            NOW_OF.contains(&word.as_str()) && arguments.contains(&Kind::Text("now".into()))
        }
        _ => false,
    }
}

fn from_number(number: String, ty: &FieldType) -> Option<Json> {
    match ty {
        // A decimal's digits must not pass through a float.
        FieldType::Decimal { .. } => Some(Json::from(number)),
        FieldType::Boolean => match number.as_str() {
            "0" => Some(Json::Bool(false)),
            "1" => Some(Json::Bool(true)),
            _ => None,
        },
        _ => serde_json::from_str(&number).ok(),
    }
}

fn from_text(text: &str, ty: &FieldType) -> Option<Json> {
    match ty {
        FieldType::Boolean => match text {
            "t" | "true" => Some(Json::Bool(true)),
            "f" | "false" => Some(Json::Bool(false)),
            _ => None,
        },
        FieldType::Int | FieldType::BigInt => text.parse::<i64>().ok().map(Json::from),
        FieldType::Float => text.parse::<f64>().ok().map(Json::from),
        FieldType::Json => serde_json::from_str(text).ok(),
        FieldType::DateTime => Some(Json::from(instant(text))),
        _ => Some(Json::from(text)),
    }
}

/// PostgreSQL prints `2024-01-31 13:45:00+00`.
fn instant(text: &str) -> String {
    let text = text.replacen(' ', "T", 1);
    match text.strip_suffix("+00") {
        Some(utc) => format!("{utc}Z"),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(printed: &str, ty: &FieldType) -> Option<DefaultValue> {
        parse(printed, ty).ok().flatten()
    }

    #[test]
    fn reads_what_postgresql_prints() {
        let decimal = FieldType::Decimal { precision: 10, scale: 2 };
        let cases = [
            (
                "'it''s'::character varying",
                FieldType::String { length: 9 },
                DefaultValue::Text("it's".into()),
            ),
            ("'-5'::integer", FieldType::Int, DefaultValue::Integer(-5)),
            ("(-5)", FieldType::BigInt, DefaultValue::Integer(-5)),
            ("'-1.50'::numeric", decimal.clone(), DefaultValue::Decimal("-1.50".into())),
            ("1.5", decimal, DefaultValue::Decimal("1.50".into())),
            ("'1e+20'::double precision", FieldType::Float, DefaultValue::Float(1e20)),
            ("'{\"a\": 1}'::jsonb", FieldType::Json, DefaultValue::Json(serde_json::json!({"a": 1}))),
            ("'\\x00ff'::bytea", FieldType::Bytes, DefaultValue::Bytes("00ff".into())),
            ("now()", FieldType::DateTime, DefaultValue::Now),
            ("(now() AT TIME ZONE 'UTC'::text)", FieldType::Date, DefaultValue::Now),
            ("('now'::text)::time without time zone", FieldType::Time, DefaultValue::Now),
            ("(now())::time(6) without time zone", FieldType::Time, DefaultValue::Now),
            (
                "'2024-01-31 13:45:00+00'::timestamp with time zone",
                FieldType::DateTime,
                DefaultValue::DateTime("2024-01-31T13:45:00Z".into()),
            ),
            ("'13:45:00'::time without time zone", FieldType::Time, DefaultValue::Time("13:45:00".into())),
            ("false", FieldType::Boolean, DefaultValue::Boolean(false)),
        ];
        for (printed, ty, value) in cases {
            assert_eq!(read(printed, &ty), Some(value), "{printed}");
        }
    }

    #[test]
    fn reads_what_sqlite_keeps() {
        let cases = [
            ("0", FieldType::Boolean, DefaultValue::Boolean(false)),
            ("'1.50'", FieldType::Decimal { precision: 5, scale: 2 }, DefaultValue::Decimal("1.50".into())),
            ("X'00FF'", FieldType::Bytes, DefaultValue::Bytes("00ff".into())),
            ("CURRENT_TIMESTAMP", FieldType::DateTime, DefaultValue::Now),
            ("(strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))", FieldType::DateTime, DefaultValue::Now),
        ];
        for (printed, ty, value) in cases {
            assert_eq!(read(printed, &ty), Some(value), "{printed}");
        }
    }

    #[test]
    fn what_is_no_value_is_said_to_be_none() {
        assert_eq!(parse("NULL::character varying", &FieldType::Text), Ok(None));
        assert_eq!(parse("nextval('a_id_seq'::regclass)", &FieldType::BigInt), Err(()));
        assert_eq!(parse("gen_random_uuid()", &FieldType::Uuid), Err(()));
        assert_eq!(parse("(1 + 1)", &FieldType::Int), Err(()));
    }
}
