//! Specs back into JSON: the inverse of the parsing in [`crate::spec`].

use crate::field_type::FieldType;
use crate::spec::{
    EntitySpec, EntityWire, FieldSpec, FieldWire, OnDelete, Reference, ReferenceWire, TypeName,
};
use crate::value::DefaultValue;

impl From<FieldSpec> for FieldWire {
    fn from(spec: FieldSpec) -> Self {
        let mut wire = Self {
            name: spec.name.as_str().to_owned(),
            ty: TypeName::from(&spec.ty),
            nullable: spec.nullable,
            unique: spec.unique,
            indexed: spec.indexed,
            primary_key: spec.primary_key,
            default: spec.default.as_ref().map(DefaultValue::to_json),
            references: spec.references.map(ReferenceWire::from),
            length: None,
            precision: None,
            scale: None,
            values: None,
            comment: spec.comment,
        };
        match spec.ty {
            FieldType::String { length } => wire.length = Some(length),
            FieldType::Decimal { precision, scale } => {
                wire.precision = Some(precision);
                wire.scale = Some(scale);
            }
            FieldType::Enum { values } => wire.values = Some(values),
            _ => {}
        }
        wire
    }
}

impl From<Reference> for ReferenceWire {
    fn from(reference: Reference) -> Self {
        Self {
            schema: None,
            table: reference.table.as_str().to_owned(),
            column: reference.column.as_str().to_owned(),
            on_delete: reference.on_delete,
        }
    }
}

impl From<EntitySpec> for EntityWire {
    fn from(spec: EntitySpec) -> Self {
        Self {
            name: spec.name.as_str().to_owned(),
            label: spec.label,
            comment: spec.comment,
            fields: spec.fields.into_iter().map(FieldWire::from).collect(),
        }
    }
}

impl From<&FieldType> for TypeName {
    fn from(ty: &FieldType) -> Self {
        match ty {
            FieldType::String { .. } => Self::String,
            FieldType::Text => Self::Text,
            FieldType::Int => Self::Int,
            FieldType::BigInt => Self::BigInt,
            FieldType::Float => Self::Float,
            FieldType::Decimal { .. } => Self::Decimal,
            FieldType::Boolean => Self::Boolean,
            FieldType::Date => Self::Date,
            FieldType::Time => Self::Time,
            FieldType::DateTime => Self::DateTime,
            FieldType::Json => Self::Json,
            FieldType::Uuid => Self::Uuid,
            FieldType::Bytes => Self::Bytes,
            FieldType::Enum { .. } => Self::Enum,
        }
    }
}

impl OnDelete {
    /// In SQL, after `ON DELETE`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cascade => "CASCADE",
            Self::SetNull => "SET NULL",
            Self::Restrict => "RESTRICT",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_reads_back_the_same() {
        let json = r#"{"name":"amount","type":"Decimal","nullable":false,"unique":true,"default":"1.50","precision":21,"scale":2,"comment":"x"}"#;
        let spec: FieldSpec = serde_json::from_str(json).expect("a spec");
        let printed = serde_json::to_string(&spec).expect("JSON");
        assert_eq!(printed, json);
    }
}
