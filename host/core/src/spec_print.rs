//! Specs back into JSON: the inverse of the parsing in [`crate::spec`].

use crate::field_type::FieldType;
use crate::spec::{EntitySpec, EntityWire, FieldSpec, FieldWire, Reference, ReferenceWire, TypeName};
use crate::value::DefaultValue;

impl From<FieldSpec> for FieldWire {
    fn from(spec: FieldSpec) -> Self {
        let mut wire = Self {
            name: spec.name.as_str().to_owned(),
            ty: type_name(&spec.ty),
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

fn type_name(ty: &FieldType) -> TypeName {
    match ty {
        FieldType::String { .. } => TypeName::String,
        FieldType::Text => TypeName::Text,
        FieldType::Int => TypeName::Int,
        FieldType::BigInt => TypeName::BigInt,
        FieldType::Float => TypeName::Float,
        FieldType::Decimal { .. } => TypeName::Decimal,
        FieldType::Boolean => TypeName::Boolean,
        FieldType::Date => TypeName::Date,
        FieldType::Time => TypeName::Time,
        FieldType::DateTime => TypeName::DateTime,
        FieldType::Json => TypeName::Json,
        FieldType::Uuid => TypeName::Uuid,
        FieldType::Bytes => TypeName::Bytes,
        FieldType::Enum { .. } => TypeName::Enum,
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
