//! What an event says of an entity or a field: the JSON as it travels
//! ([`FieldWire`], [`EntityWire`]) and what it means once parsed
//! ([`FieldSpec`], [`EntitySpec`]).

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::event::MAX_FIELDS;
use crate::field_type::{DEFAULT_LENGTH, FieldType, TypeError};
use crate::ident::{Ident, IdentError, quoted};
use crate::spec_bounds::{countable, text};
use crate::text::TextError;
use crate::value::{DefaultError, DefaultValue};

/// What happens to a row when the row it refers to is deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum OnDelete {
    /// It is deleted too.
    #[serde(rename = "CASCADE")]
    Cascade,
    /// Its reference becomes NULL.
    #[serde(rename = "SET NULL")]
    SetNull,
    /// The deletion is refused.
    #[serde(rename = "RESTRICT")]
    Restrict,
}

/// A field's reference to a column of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// The table referred to.
    pub table: Ident,
    /// Its column.
    pub column: Ident,
    /// What a deletion there does here.
    pub on_delete: OnDelete,
}

/// A field, parsed and checked for itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "FieldWire", into = "FieldWire")]
pub struct FieldSpec {
    /// Its name, and its column's.
    pub name: Ident,
    /// Its type with the parameters.
    pub ty: FieldType,
    /// Whether a row may leave it empty.
    pub nullable: bool,
    /// Whether no two rows may share a value.
    pub unique: bool,
    /// Whether rows are looked up by it.
    pub indexed: bool,
    /// Whether it is (part of) the primary key.
    pub primary_key: bool,
    /// What it holds when a row does not say.
    pub default: Option<DefaultValue>,
    /// The column it refers to.
    pub references: Option<Reference>,
    /// A note kept beside the column.
    pub comment: Option<String>,
}

/// An entity, parsed and checked for itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "EntityWire", into = "EntityWire")]
pub struct EntitySpec {
    /// Its name, and its table's.
    pub name: Ident,
    /// What people call it.
    pub label: Option<String>,
    /// A note kept beside the table.
    pub comment: Option<String>,
    /// The fields it is created with.
    pub fields: Vec<FieldSpec>,
}

/// A reference as JSON.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReferenceWire {
    /// Only the organisation's own schema, if given at all; the host knows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<String>,
    /// The table referred to.
    pub table: String,
    /// Its column.
    pub column: String,
    /// `CASCADE`, `SET NULL` or `RESTRICT` (the default).
    #[serde(default = "restrict")]
    pub on_delete: OnDelete,
}

fn restrict() -> OnDelete {
    OnDelete::Restrict
}

/// A field as JSON.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FieldWire {
    /// 1 to 63 of `A-Z a-z 0-9 _`.
    pub name: String,
    /// The type's name.
    #[serde(rename = "type")]
    pub ty: TypeName,
    /// Default true.
    #[serde(default = "yes")]
    pub nullable: bool,
    /// Default false.
    #[serde(default, skip_serializing_if = "is_false")]
    pub unique: bool,
    /// Default false.
    #[serde(default, skip_serializing_if = "is_false")]
    pub indexed: bool,
    /// Default false.
    #[serde(default, skip_serializing_if = "is_false")]
    pub primary_key: bool,
    /// A value of the type, or `{"function":"now"}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<Json>,
    /// The column it refers to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub references: Option<ReferenceWire>,
    /// For `String`: most characters; default 100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub length: Option<u32>,
    /// For `Decimal`: digits in all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub precision: Option<u32>,
    /// For `Decimal`: digits after the point; default 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scale: Option<u32>,
    /// For `Enum`: its texts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub values: Option<Vec<String>>,
    /// A note kept beside the column.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

/// The name of a type in JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub enum TypeName {
    String,
    Text,
    Int,
    BigInt,
    Float,
    Decimal,
    Boolean,
    Date,
    Time,
    DateTime,
    Json,
    Uuid,
    Bytes,
    Enum,
}

/// An entity as JSON.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EntityWire {
    /// 1 to 63 of `A-Z a-z 0-9 _`.
    pub name: String,
    /// What people call it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// A note kept beside the table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// The fields it is created with.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<FieldWire>,
}

fn yes() -> bool {
    true
}

fn is_false(b: &bool) -> bool {
    !*b
}

/// Most fields of a primary key; PostgreSQL's limit for the columns of an index.
pub const MAX_KEY_FIELDS: usize = 32;

/// Why a spec makes no sense by itself.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SpecError {
    /// A bad name.
    #[error(transparent)]
    Ident(#[from] IdentError),
    /// A bad type parameter.
    #[error(transparent)]
    Type(#[from] TypeError),
    /// A default that does not fit.
    #[error(transparent)]
    Default(#[from] DefaultError),
    /// A type parameter that is missing.
    #[error("the type {ty} needs \"{attribute}\"; add it")]
    Missing {
        /// The type's name.
        ty: &'static str,
        /// The attribute.
        attribute: &'static str,
    },
    /// A parameter of another type.
    #[error("the type {ty} has no \"{attribute}\"; leave it out")]
    Surplus {
        /// The type's name.
        ty: &'static str,
        /// The attribute.
        attribute: &'static str,
    },
    /// A reference into a schema.
    #[error("a reference names the schema {}; references stay within the organisation, leave \"schema\" out", quoted(.0))]
    Schema(String),
    /// A bad name in a reference.
    #[error("{error}")]
    Reference {
        /// `table` or `column`.
        part: &'static str,
        /// What is wrong with it.
        error: IdentError,
    },
    /// `SET NULL` on a field that must not be empty.
    #[error(
        "the reference of \"{0}\" sets NULL on delete, but the field is not nullable; make it nullable, or choose RESTRICT or CASCADE"
    )]
    SetNull(String),
    /// A primary key that may be empty.
    #[error("the field \"{0}\" is nullable and in the primary key; say \"nullable\": false")]
    NullableKey(String),
    /// More fields in the primary key than an index has room for.
    #[error("the primary key has {0} fields, {MAX_KEY_FIELDS} is the most PostgreSQL allows; leave some out")]
    LongKey(usize),
    /// Two fields of one name.
    #[error("the fields \"{0}\" and \"{1}\" share a name (case does not count); rename one")]
    FieldTwice(String, String),
    /// A label or comment that cannot be kept.
    #[error("\"{0}\" {1}")]
    Text(&'static str, TextError),
    /// More fields than a table has room for.
    #[error("an entity has {0} fields, {MAX_FIELDS} is the most a table can have; split it")]
    FieldCount(usize),
}

impl TryFrom<FieldWire> for FieldSpec {
    type Error = SpecError;

    fn try_from(wire: FieldWire) -> Result<Self, SpecError> {
        let name = Ident::column(&wire.name)?;
        let ty = field_type(&wire)?;
        ty.validate()?;
        let default = match &wire.default {
            None | Some(Json::Null) => None,
            Some(json) => Some(DefaultValue::from_json(json, &ty)?),
        };
        let references = wire.references.map(Reference::try_from).transpose()?;
        text("comment", wire.comment.as_deref())?;
        let spec = Self {
            name,
            ty,
            nullable: wire.nullable,
            unique: wire.unique,
            indexed: wire.indexed,
            primary_key: wire.primary_key,
            default,
            references,
            comment: wire.comment,
        };
        spec.coherent()
    }
}

impl FieldSpec {
    fn coherent(self) -> Result<Self, SpecError> {
        let sets_null = self.references.as_ref().is_some_and(|r| r.on_delete == OnDelete::SetNull);
        if sets_null && !self.nullable {
            return Err(SpecError::SetNull(self.name.as_str().to_owned()));
        }
        if self.primary_key && self.nullable {
            return Err(SpecError::NullableKey(self.name.as_str().to_owned()));
        }
        Ok(self)
    }
}

impl TryFrom<ReferenceWire> for Reference {
    type Error = SpecError;

    fn try_from(wire: ReferenceWire) -> Result<Self, SpecError> {
        if let Some(schema) = wire.schema {
            return Err(SpecError::Schema(schema));
        }
        let within = |part| move |error| SpecError::Reference { part, error };
        let table = Ident::table(&wire.table).map_err(within("table"))?;
        let column = Ident::column(&wire.column).map_err(within("column"))?;
        Ok(Self { table, column, on_delete: wire.on_delete })
    }
}

fn field_type(wire: &FieldWire) -> Result<FieldType, SpecError> {
    refuse_surplus(wire)?;
    let missing = |ty, attribute| SpecError::Missing { ty, attribute };
    Ok(match wire.ty {
        TypeName::String => FieldType::String { length: wire.length.unwrap_or(DEFAULT_LENGTH) },
        TypeName::Text => FieldType::Text,
        TypeName::Int => FieldType::Int,
        TypeName::BigInt => FieldType::BigInt,
        TypeName::Float => FieldType::Float,
        TypeName::Decimal => FieldType::Decimal {
            precision: wire.precision.ok_or_else(|| missing("Decimal", "precision"))?,
            scale: wire.scale.unwrap_or(0),
        },
        TypeName::Boolean => FieldType::Boolean,
        TypeName::Date => FieldType::Date,
        TypeName::Time => FieldType::Time,
        TypeName::DateTime => FieldType::DateTime,
        TypeName::Json => FieldType::Json,
        TypeName::Uuid => FieldType::Uuid,
        TypeName::Bytes => FieldType::Bytes,
        TypeName::Enum => {
            FieldType::Enum { values: wire.values.clone().ok_or_else(|| missing("Enum", "values"))? }
        }
    })
}

fn refuse_surplus(wire: &FieldWire) -> Result<(), SpecError> {
    let given = [
        ("length", wire.length.is_some(), wire.ty == TypeName::String),
        ("precision", wire.precision.is_some(), wire.ty == TypeName::Decimal),
        ("scale", wire.scale.is_some(), wire.ty == TypeName::Decimal),
        ("values", wire.values.is_some(), wire.ty == TypeName::Enum),
    ];
    match given.iter().find(|(_, given, fits)| *given && !fits) {
        Some((attribute, ..)) => Err(SpecError::Surplus { ty: wire.ty.as_str(), attribute }),
        None => Ok(()),
    }
}

impl TypeName {
    fn as_str(self) -> &'static str {
        match self {
            Self::String => "String",
            Self::Text => "Text",
            Self::Int => "Int",
            Self::BigInt => "BigInt",
            Self::Float => "Float",
            Self::Decimal => "Decimal",
            Self::Boolean => "Boolean",
            Self::Date => "Date",
            Self::Time => "Time",
            Self::DateTime => "DateTime",
            Self::Json => "Json",
            Self::Uuid => "Uuid",
            Self::Bytes => "Bytes",
            Self::Enum => "Enum",
        }
    }
}

impl TryFrom<EntityWire> for EntitySpec {
    type Error = SpecError;

    fn try_from(wire: EntityWire) -> Result<Self, SpecError> {
        countable(wire.fields.len())?;
        let name = Ident::table(&wire.name)?;
        text("label", wire.label.as_deref())?;
        text("comment", wire.comment.as_deref())?;
        let fields = wire.fields.into_iter().map(FieldSpec::try_from).collect::<Result<Vec<_>, _>>()?;
        distinct(&fields)?;
        let key = fields.iter().filter(|f| f.primary_key).count();
        if key > MAX_KEY_FIELDS {
            return Err(SpecError::LongKey(key));
        }
        Ok(Self { name, label: wire.label, comment: wire.comment, fields })
    }
}

/// Checks that no two fields share a name.
///
/// # Errors
/// [`SpecError::FieldTwice`].
pub fn distinct(fields: &[FieldSpec]) -> Result<(), SpecError> {
    let mut seen = std::collections::BTreeMap::new();
    for field in fields {
        let name = field.name.as_str();
        if let Some(other) = seen.insert(name.to_ascii_lowercase(), name) {
            return Err(SpecError::FieldTwice(other.to_owned(), name.to_owned()));
        }
    }
    Ok(())
}
