//! From the contract's values to the core's: what a guest gave back, checked.

use std::fmt::Display;

use hookwright_core::expr::{self, Expr};
use hookwright_core::field_type::FieldType;
use hookwright_core::hook;
use hookwright_core::ident::{self, Ident, quoted};
use hookwright_core::schema::{Column, IndexKey, IndexMethod, IndexShape};
use hookwright_core::spec::{
    EntitySpec, EntityWire, FieldSpec, FieldWire, OnDelete, ReferenceWire, TypeName,
};
use hookwright_core::value::{self, DefaultValue};
use serde_json::Value as Json;

pub use super::intent::intents;
use crate::sandbox::bindings::hookwright::hooks::types as wit;
use crate::sandbox::fault::Fault;
use crate::sandbox::log::clean;

/// The longest message of a rejection, in characters; people read it.
const MESSAGE_CHARS: usize = 2000;
/// The longest code of a rejection.
const CODE_CHARS: usize = 64;
/// How many times the most is looked at of a text: escape sequences, which are left out, take room too.
const FAR: usize = 4;

pub fn rejection(rejection: wit::Rejection) -> hook::Rejection {
    let wit::Rejection { code, message, help } = rejection;
    hook::Rejection {
        code: short(&code, CODE_CHARS),
        message: short(&message, MESSAGE_CHARS),
        help: help.map(|help| short(&help, MESSAGE_CHARS)),
    }
}

/// A text made fit to print. What lies far beyond the most is not looked at.
fn short(text: &str, most: usize) -> String {
    let end = text.char_indices().nth(FAR * most).map_or(text.len(), |(end, _)| end);
    clean(&text[..end]).chars().take(most).collect()
}

pub fn entity_spec(spec: wit::EntitySpec) -> Result<EntitySpec, Fault> {
    let wit::EntitySpec { name, label, comment, fields } = spec;
    let place = format!("the entity {}", called(&name));
    let fields = fields.into_iter().map(field_wire).collect::<Result<_, _>>()?;
    EntitySpec::try_from(EntityWire { name, label, comment, fields }).map_err(|e| at(place, e))
}

pub fn field_spec(spec: wit::FieldSpec) -> Result<FieldSpec, Fault> {
    let place = format!("the field {}", called(&spec.name));
    FieldSpec::try_from(field_wire(spec)?).map_err(|e| at(place, e))
}

/// By way of the JSON form, so that a plugin's spec passes the checks of an event's.
fn field_wire(spec: wit::FieldSpec) -> Result<FieldWire, Fault> {
    let wit::FieldSpec { name, type_, nullable, unique, indexed, primary_key, default, references, comment } =
        spec;
    let ty = field_type(type_);
    let default = default.map(|value| default_json(value, &ty)).transpose();
    let default = default.map_err(|e| at(format!("the default of {}", called(&name)), e))?;
    let mut wire = FieldWire {
        name,
        ty: TypeName::from(&ty),
        nullable,
        unique,
        indexed,
        primary_key,
        default,
        references: references.map(reference),
        length: None,
        precision: None,
        scale: None,
        values: None,
        comment,
    };
    match ty {
        FieldType::String { length } => wire.length = Some(length),
        FieldType::Decimal { precision, scale } => {
            (wire.precision, wire.scale) = (Some(precision), Some(scale));
        }
        FieldType::Enum { values } => wire.values = Some(values),
        _ => {}
    }
    Ok(wire)
}

fn reference(reference: wit::Reference) -> ReferenceWire {
    let wit::Reference { table, column, on_delete: what } = reference;
    ReferenceWire { schema: None, table, column, on_delete: on_delete(what) }
}

pub(super) fn column(column: wit::Column) -> Result<Column, String> {
    let wit::Column { name: own, type_, nullable, default, comment, generated } = column;
    let (own, ty) = (name(&own)?, checked_type(type_)?);
    let default = default.map(|value| default_value(value, &ty)).transpose()?;
    let generated = generated.as_deref().map(expression).transpose()?;
    Ok(Column { name: own, ty, nullable, default, comment, generated, unread: None })
}

pub(super) fn expression(text: &str) -> Result<Expr, String> {
    expr::parse(text).map_err(|e| e.to_string())
}

pub(super) fn index(index: wit::Index) -> Result<IndexShape, String> {
    let wit::Index { keys, unique, include, predicate, method } = index;
    let key = |key: wit::IndexKey| {
        Ok::<_, String>(match key {
            wit::IndexKey::Column(column) => IndexKey::Column(name(&column)?),
            wit::IndexKey::Expression(text) => IndexKey::Expression(expression(&text)?),
        })
    };
    Ok(IndexShape {
        keys: keys.into_iter().map(key).collect::<Result<_, _>>()?,
        unique,
        include: names(&include)?,
        predicate: predicate.as_deref().map(expression).transpose()?,
        method: match method {
            wit::IndexMethod::Btree => IndexMethod::Btree,
            wit::IndexMethod::Hash => IndexMethod::Hash,
            wit::IndexMethod::Gin => IndexMethod::Gin,
            wit::IndexMethod::Brin => IndexMethod::Brin,
        },
    })
}

pub(super) fn on_delete(what: wit::OnDelete) -> OnDelete {
    match what {
        wit::OnDelete::Cascade => OnDelete::Cascade,
        wit::OnDelete::SetNull => OnDelete::SetNull,
        wit::OnDelete::Restrict => OnDelete::Restrict,
    }
}

pub(super) fn checked_type(ty: wit::FieldType) -> Result<FieldType, String> {
    let ty = field_type(ty);
    ty.validate().map_err(|e| e.to_string())?;
    Ok(ty)
}

fn field_type(ty: wit::FieldType) -> FieldType {
    match ty {
        wit::FieldType::String(length) => FieldType::String { length },
        wit::FieldType::Text => FieldType::Text,
        wit::FieldType::Int => FieldType::Int,
        wit::FieldType::BigInt => FieldType::BigInt,
        wit::FieldType::Float => FieldType::Float,
        wit::FieldType::Decimal(wit::DecimalSize { precision, scale }) => {
            FieldType::Decimal { precision, scale }
        }
        wit::FieldType::Boolean => FieldType::Boolean,
        wit::FieldType::Date => FieldType::Date,
        wit::FieldType::Time => FieldType::Time,
        wit::FieldType::DateTime => FieldType::DateTime,
        wit::FieldType::Json => FieldType::Json,
        wit::FieldType::Uuid => FieldType::Uuid,
        wit::FieldType::Bytes => FieldType::Bytes,
        wit::FieldType::Enum(values) => FieldType::Enum { values },
    }
}

pub(super) fn default_value(value: wit::DefaultValue, ty: &FieldType) -> Result<DefaultValue, String> {
    let json = default_json(value, ty)?;
    DefaultValue::from_json(&json, ty).map_err(|e| e.to_string())
}

/// The JSON that an event would give for the default.
fn default_json(value: wit::DefaultValue, ty: &FieldType) -> Result<Json, String> {
    Ok(match value {
        wit::DefaultValue::Boolean(b) => Json::from(b),
        wit::DefaultValue::Integer(i) => Json::from(i),
        wit::DefaultValue::Number(x) if x.is_finite() => Json::from(x),
        wit::DefaultValue::Number(x) => {
            return Err(format!("the default {x} is not a number; give a finite one"));
        }
        wit::DefaultValue::Text(text) if *ty == FieldType::Json => document(&text)?,
        wit::DefaultValue::Text(text) => Json::from(text),
        wit::DefaultValue::Now if *ty == FieldType::Json => {
            return Err("a Json column has no default of the time; give a document".to_owned());
        }
        wit::DefaultValue::Now => serde_json::json!({ "function": "now" }),
    })
}

/// A JSON document as a guest writes it: parsed, it may take many times its length.
fn document(text: &str) -> Result<Json, String> {
    let (bytes, most) = (text.len(), value::MAX_BYTES);
    if bytes > most {
        return Err(format!(
            "the default of a Json column has {bytes} bytes, {most} is the most; give a shorter document"
        ));
    }
    serde_json::from_str(text)
        .map_err(|e| format!("the default of a Json column is not JSON: {e}; give the document as text"))
}

pub(super) fn name(text: &str) -> Result<Ident, String> {
    Ident::parse(text).map_err(|e| e.to_string())
}

pub(super) fn names(list: &[String]) -> Result<Vec<Ident>, String> {
    list.iter().map(|text| name(text)).collect()
}

/// What calls itself so, in a message: a name may be as long as a reply.
fn called(name: &str) -> String {
    match name.char_indices().nth(ident::MAX_BYTES) {
        Some((end, _)) => format!("{}…", quoted(&name[..end])),
        None => quoted(name),
    }
}

fn at(place: String, error: impl Display) -> Fault {
    Fault::malformed(format!("{place}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::super::lower;
    use super::*;

    fn types() -> Vec<(FieldType, Json)> {
        use serde_json::json;
        let values = vec!["a".to_owned(), "b".to_owned()];
        vec![
            (FieldType::String { length: 7 }, json!("x")),
            (FieldType::Text, json!("{\"function\":\"now\"}")),
            (FieldType::Int, json!(-7)),
            (FieldType::BigInt, json!(i64::MIN)),
            (FieldType::Float, json!(0.1)),
            (FieldType::Decimal { precision: 30, scale: 2 }, json!("1234567890123456789012345678.90")),
            (FieldType::Boolean, json!(true)),
            (FieldType::Date, json!("2024-02-29")),
            (FieldType::Time, json!("13:45:00")),
            (FieldType::DateTime, json!({"function": "now"})),
            (FieldType::Json, json!({"a": [1, null]})),
            (FieldType::Json, json!("text")),
            (FieldType::Uuid, json!("00000000-0000-0000-0000-00000000000a")),
            (FieldType::Bytes, json!("00ff")),
            (FieldType::Enum { values }, json!("b")),
        ]
    }

    #[test]
    fn every_type_and_default_comes_back_as_it_went() {
        for (ty, json) in types() {
            let value = DefaultValue::from_json(&json, &ty).expect("a default");
            assert_eq!(checked_type(lower::field_type(&ty)), Ok(ty.clone()));
            assert_eq!(default_value(lower::default_value(&value), &ty), Ok(value), "{}", ty.describe());
        }
    }

    #[test]
    fn a_spec_of_a_guest_passes_the_checks_of_an_event() {
        let spec = |name: &str, primary_key| wit::FieldSpec {
            name: name.into(),
            type_: wit::FieldType::Int,
            nullable: true,
            unique: false,
            indexed: false,
            primary_key,
            default: None,
            references: None,
            comment: None,
        };
        assert!(field_spec(spec("a", false)).is_ok());
        let bad = field_spec(spec("a\"; DROP", false)).expect_err("refused").to_string();
        assert!(
            bad.starts_with("what the plugin handed over is malformed: the field \"a\\\"; DROP\": "),
            "{bad}"
        );
        assert_eq!(field_spec(spec("a", true)).map_err(|f| f.code()), Err("plugin/malformed"));
    }

    #[test]
    fn a_rejection_is_made_fit_to_print() {
        let wit = wit::Rejection { code: "a\nb".into(), message: "\x1b[31mno".repeat(2000), help: None };
        let hook::Rejection { code, message, help } = rejection(wit);
        assert_eq!((code.as_str(), message.len(), help), ("a b", MESSAGE_CHARS, None));
    }

    #[test]
    fn what_is_too_long_is_told_by_its_length_and_not_read() {
        let long = wit::DefaultValue::Text("[".repeat(value::MAX_BYTES + 1));
        let told = default_value(long, &FieldType::Json).expect_err("too long");
        assert!(told.contains("has 4097 bytes, 4096 is the most"), "{told}");
        let most = format!("\"{}\"", "a".repeat(value::MAX_BYTES - 2));
        assert!(default_value(wit::DefaultValue::Text(most), &FieldType::Json).is_ok());
        assert_eq!(called(&"a".repeat(1 << 20)).chars().count(), ident::MAX_BYTES + "\"\"…".chars().count());
    }
}
