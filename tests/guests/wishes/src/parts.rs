//! What intents are made of, as JSON has it: columns, types, literals, indexes.
//!
//! Only `wish.rs` reads them. Pure: makes values, touches nothing.
use hookwright_sdk::intent::{Conversion, FillValue};
use hookwright_sdk::{Column, DefaultValue, FieldType, Index, IndexKey, IndexMethod, OnDelete};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewColumn {
    name: String,
    ty: Type,
    #[serde(default = "yes")]
    nullable: bool,
    default: Option<Literal>,
    comment: Option<String>,
    generated: Option<String>,
}

fn yes() -> bool {
    true
}

#[derive(Deserialize)]
#[serde(tag = "type")]
pub(crate) enum Type {
    String { length: u32 },
    Text,
    Int,
    BigInt,
    Float,
    Decimal { precision: u32, scale: u32 },
    Boolean,
    Date,
    Time,
    DateTime,
    Json,
    Uuid,
    Bytes,
    Enum { values: Vec<String> },
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Literal {
    Boolean(bool),
    Integer(i64),
    Float(f64),
    Decimal(String),
    Text(String),
    Date(String),
    Time(String),
    DateTime(String),
    Json(serde_json::Value),
    Uuid(String),
    Bytes(String),
    Now,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Using {
    Named(Named),
    Expression(String),
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Named {
    Truncate,
    Round,
    EpochSeconds,
    UnfitToNull,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Fill {
    Literal(Literal),
    Expression(String),
}

#[derive(Deserialize)]
pub(crate) struct Shape {
    keys: Vec<Key>,
    #[serde(default)]
    unique: bool,
    #[serde(default)]
    include: Vec<String>,
    #[serde(rename = "where")]
    predicate: Option<String>,
    #[serde(default)]
    method: Method,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Key {
    Column(String),
    Expression(String),
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Method {
    #[default]
    Btree,
    Hash,
    Gin,
    Brin,
}

#[derive(Deserialize)]
pub(crate) enum Action {
    #[serde(rename = "CASCADE")]
    Cascade,
    #[serde(rename = "SET NULL")]
    SetNull,
    #[serde(rename = "RESTRICT")]
    Restrict,
}

impl From<NewColumn> for Column {
    fn from(column: NewColumn) -> Self {
        let NewColumn { name, ty, nullable, default, comment, generated } = column;
        let (type_, default) = (ty.into(), default.map(Into::into));
        Self { name, type_, nullable, default, comment, generated }
    }
}

impl From<Type> for FieldType {
    fn from(ty: Type) -> Self {
        match ty {
            Type::String { length } => Self::String(length),
            Type::Text => Self::Text,
            Type::Int => Self::Int,
            Type::BigInt => Self::BigInt,
            Type::Float => Self::Float,
            Type::Decimal { precision, scale } => Self::decimal(precision, scale),
            Type::Boolean => Self::Boolean,
            Type::Date => Self::Date,
            Type::Time => Self::Time,
            Type::DateTime => Self::DateTime,
            Type::Json => Self::Json,
            Type::Uuid => Self::Uuid,
            Type::Bytes => Self::Bytes,
            Type::Enum { values } => Self::Enum(values),
        }
    }
}

impl From<Literal> for DefaultValue {
    fn from(literal: Literal) -> Self {
        match literal {
            Literal::Boolean(value) => Self::Boolean(value),
            Literal::Integer(value) => Self::Integer(value),
            Literal::Float(value) => Self::Number(value),
            Literal::Decimal(written)
            | Literal::Text(written)
            | Literal::Date(written)
            | Literal::Time(written)
            | Literal::DateTime(written)
            | Literal::Uuid(written)
            | Literal::Bytes(written) => Self::Text(written),
            Literal::Json(document) => Self::Text(document.to_string()),
            Literal::Now => Self::Now,
        }
    }
}

impl From<Using> for Conversion {
    fn from(using: Using) -> Self {
        match using {
            Using::Named(Named::Truncate) => Self::Truncate,
            Using::Named(Named::Round) => Self::Round,
            Using::Named(Named::EpochSeconds) => Self::EpochSeconds,
            Using::Named(Named::UnfitToNull) => Self::UnfitToNull,
            Using::Expression(text) => Self::Expression(text),
        }
    }
}

impl From<Fill> for FillValue {
    fn from(fill: Fill) -> Self {
        match fill {
            Fill::Literal(value) => Self::Literal(value.into()),
            Fill::Expression(text) => Self::Expression(text),
        }
    }
}

impl From<Shape> for Index {
    fn from(shape: Shape) -> Self {
        let Shape { keys, unique, include, predicate, method } = shape;
        let keys = keys.into_iter().map(|key| match key {
            Key::Column(name) => IndexKey::Column(name),
            Key::Expression(text) => IndexKey::Expression(text),
        });
        let method = match method {
            Method::Btree => IndexMethod::Btree,
            Method::Hash => IndexMethod::Hash,
            Method::Gin => IndexMethod::Gin,
            Method::Brin => IndexMethod::Brin,
        };
        Self { keys: keys.collect(), unique, include, predicate, method }
    }
}

impl From<Action> for OnDelete {
    fn from(action: Action) -> Self {
        match action {
            Action::Cascade => Self::Cascade,
            Action::SetNull => Self::SetNull,
            Action::Restrict => Self::Restrict,
        }
    }
}
