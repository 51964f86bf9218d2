//! A column type of PostgreSQL's catalogue as the core's, with its modifier decoded.

use hookwright_core::field_type::FieldType;

/// The type of a `pg_type.typname` with `pg_attribute.atttypmod`; none if the core has no such type.
pub(super) fn field_type(name: &str, modifier: i32) -> Option<FieldType> {
    let plain = |ty: FieldType| (modifier < 0).then_some(ty);
    match name {
        "varchar" => Some(FieldType::String { length: u32::try_from(modifier - 4).ok()? }),
        "numeric" => {
            let packed = u32::try_from(modifier - 4).ok()?;
            let (precision, scale) = (packed >> 16, packed & 0x7ff);
            // Scales past the precision, or negative ones, are none of the core's.
            (scale <= precision).then_some(FieldType::Decimal { precision, scale })
        }
        "text" => plain(FieldType::Text),
        "int4" => plain(FieldType::Int),
        "int8" => plain(FieldType::BigInt),
        "float8" => plain(FieldType::Float),
        "bool" => plain(FieldType::Boolean),
        "date" => plain(FieldType::Date),
        "time" => plain(FieldType::Time),
        "timestamptz" => plain(FieldType::DateTime),
        "jsonb" => plain(FieldType::Json),
        "uuid" => plain(FieldType::Uuid),
        "bytea" => plain(FieldType::Bytes),
        _ => None,
    }
}

/// The nearest type that the core has to one that it has not, with that one's name; none if nothing is near.
pub(super) fn nearest(name: &str, modifier: i32) -> Option<(FieldType, String)> {
    let (ty, called) = match name {
        "int2" => (FieldType::Int, "smallint"),
        "float4" => (FieldType::Float, "real"),
        "numeric" => (FieldType::Decimal { precision: 38, scale: 16 }, "numeric"),
        "varchar" => (FieldType::Text, "varchar"),
        "bpchar" => (FieldType::Text, "char"),
        "citext" | "name" => (FieldType::Text, name),
        "timestamp" => (FieldType::DateTime, "timestamp"),
        "timestamptz" => (FieldType::DateTime, "timestamptz"),
        "time" | "timetz" => (FieldType::Time, name),
        "json" => (FieldType::Json, "json"),
        _ => return None,
    };
    let plain = modifier < 0 || name == "timestamp";
    Some((ty, if plain { called.to_owned() } else { format!("{called} of modifier {modifier}") }))
}

/// A type as people write it: an array has a name of its own in the catalogue.
pub(super) fn in_words(name: &str) -> String {
    match name.strip_prefix('_') {
        Some(of) => format!("{of}[]"),
        None => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modifiers_are_decoded() {
        assert_eq!(field_type("varchar", 144), Some(FieldType::String { length: 140 }));
        assert_eq!(field_type("varchar", -1), None);
        let modifier = ((12 << 16) | 2) + 4;
        assert_eq!(field_type("numeric", modifier), Some(FieldType::Decimal { precision: 12, scale: 2 }));
        assert_eq!(field_type("numeric", -1), None);
        assert_eq!(field_type("timestamptz", 3), None);
        assert_eq!(field_type("money", -1), None);
    }
}
