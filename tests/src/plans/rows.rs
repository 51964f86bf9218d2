//! Rows for any schema: the same number in every column, so that references hold and keys are unique.

use hookwright_core::field_type::FieldType;
use hookwright_core::ident::Ident;
use hookwright_core::schema::{Schema, Table};

/// How many rows each table gets.
const ROWS: u32 = 1_000;

/// Statements that fill every table of a schema. Columns called `bare` stay empty.
pub fn rows(org: &str, schema: &Schema) -> Vec<String> {
    let mut left: Vec<&Table> = schema.tables.values().map(AsRef::as_ref).collect();
    let mut statements = Vec::new();
    while !left.is_empty() {
        let waits = |t: &Table| {
            t.foreign_keys.iter().any(|k| k.table != t.name && left.iter().any(|other| other.name == k.table))
        };
        let next = left.iter().position(|t| !waits(t)).unwrap_or(0);
        statements.push(insert(org, left.remove(next)));
    }
    statements
}

fn insert(org: &str, table: &Table) -> String {
    let given = table.columns.values().filter(|c| c.generated.is_none() && c.name.as_str() != "bare");
    let (names, values): (Vec<_>, Vec<_>) = given.map(|c| (quoted(&c.name), value(&c.ty))).unzip();
    let (names, values) = (names.join(", "), values.join(", "));
    let table = quoted(&table.name);
    format!("INSERT INTO \"{org}\".{table} ({names}) SELECT {values} FROM generate_series(1, {ROWS}) AS n")
}

fn quoted(name: &Ident) -> String {
    format!("\"{}\"", name.as_str().replace('"', "\"\""))
}

fn value(ty: &FieldType) -> String {
    match ty {
        FieldType::String { .. } | FieldType::Text => "n::text".into(),
        FieldType::Int | FieldType::BigInt | FieldType::Float => "n".into(),
        FieldType::Decimal { .. } => "n % 90".into(),
        FieldType::Boolean => "n % 2 = 0".into(),
        FieldType::Date => "date '2020-01-01' + n".into(),
        FieldType::Time => "time '00:00' + n * interval '1 second'".into(),
        FieldType::DateTime => "timestamptz '2020-01-01 00:00Z' + n * interval '1 second'".into(),
        FieldType::Json => "jsonb_build_object('n', n)".into(),
        FieldType::Uuid => "md5(n::text)::uuid".into(),
        FieldType::Bytes => "decode(md5(n::text), 'hex')".into(),
        FieldType::Enum { values } => {
            let values: Vec<_> = values.iter().map(|v| format!("'{}'", v.replace('\'', "''"))).collect();
            format!("(ARRAY[{}])[1 + n % {}]", values.join(", "), values.len())
        }
    }
}
