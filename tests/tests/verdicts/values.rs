//! Types with their parameters, and values that are hard on them.

use hookwright_core::ddl::Dialect;
use hookwright_core::field_type::FieldType;

/// Every type, with several lengths, precisions and lists of values.
pub fn types() -> Vec<FieldType> {
    use FieldType as T;
    let decimal = |precision, scale| T::Decimal { precision, scale };
    let of = |values: &[&str]| T::Enum { values: values.iter().map(|v| (*v).to_owned()).collect() };
    vec![
        T::String { length: 5 },
        T::String { length: 40 },
        T::Text,
        T::Int,
        T::BigInt,
        T::Float,
        decimal(3, 0),
        decimal(10, 2),
        decimal(12, 2),
        decimal(12, 4),
        decimal(25, 4),
        T::Boolean,
        T::Date,
        T::Time,
        T::DateTime,
        T::Json,
        T::Uuid,
        T::Bytes,
        of(&["a"]),
        of(&["a", "b"]),
        of(&["a", "b", "42"]),
    ]
}

/// Literals of a type; what it refuses is left out when they are inserted.
pub fn values(ty: &FieldType, dialect: Dialect) -> Vec<String> {
    use FieldType as T;
    let raw = |list: &[&str]| list.iter().map(|v| (*v).to_owned()).collect::<Vec<_>>();
    let quoted = |list: &[&str]| list.iter().map(|v| format!("'{}'", v.replace('\'', "''"))).collect::<Vec<_>>();
    let postgres = dialect == Dialect::Postgres;
    match ty {
        T::String { .. } | T::Text => quoted(TEXTS),
        T::Int | T::BigInt => raw(WHOLE),
        T::Float if postgres => quoted(REAL),
        T::Float => raw(&["0.0", "1.5", "-0.1", "3.0", "1e300", "9e999", "2147483648.0", "0.30000000000000004", "1e15", "99.999"]),
        T::Decimal { .. } if postgres => quoted(&[DECIMALS, &["NaN"]].concat()),
        T::Decimal { .. } => quoted(&[DECIMALS, &[".5", "5.", "-0", "007.50"]].concat()),
        T::Boolean => raw(&["TRUE", "FALSE"]),
        T::Date if postgres => quoted(&["2024-01-31", "0001-01-01", "9999-12-31", "12024-01-01", "infinity", "0044-03-15 BC"]),
        T::Date => quoted(&["2024-01-31", "0001-01-01", "9999-12-31"]),
        T::Time if postgres => quoted(&["10:00", "00:00:00", "23:59:59.999999", "24:00:00"]),
        T::Time => quoted(&["10:00", "00:00:00", "23:59:59.999999", "10:00:00Z"]),
        T::DateTime if postgres => quoted(&[
            "2024-01-31 10:00:00+02", "2024-01-31 00:00:00+00", "2024-01-31 10:00:00.123456+00", "infinity", "12024-01-01 00:00Z", "0044-03-15 00:00Z BC",
        ]),
        T::DateTime => quoted(&[
            "2024-01-31T10:00:00Z", "2024-01-31T10:00:00+02:00", "2024-01-31 10:00", "2024-01-31", "2024-01-31T10:00:00.123456Z", "2460341.5", "10:00:00",
        ]),
        T::Json => quoted(&["{\"a\":1}", "null", "\"x\"", "[1, 2]", "1.50", "true"]),
        T::Uuid => quoted(&["123e4567-e89b-12d3-a456-426614174000", "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF"]),
        T::Bytes if postgres => quoted(&["\\x00ff", "\\x"]),
        T::Bytes => raw(&["x'00ff'", "x''"]),
        T::Enum { values } => values.iter().map(|v| format!("'{v}'")).collect(),
    }
}

const WHOLE: &[&str] = &[
    "0", "1", "2", "-1", "999", "1000", "2147483647", "-2147483648", "2147483648", "9007199254740993", "9223372036854775807", "-9223372036854775808",
];
const REAL: &[&str] = &[
    "0", "1.5", "-0.1", "3", "1e300", "NaN", "Infinity", "-Infinity", "2147483648", "0.30000000000000004", "1e15", "99.999",
];
const DECIMALS: &[&str] = &[
    "0", "1.50", "-99999999.99", "12.00", "999", "3.14", "0.0001", "2147483648.00", "99999999999999999999.0001", "9007199254740993", "0.1",
];
const TEXTS: &[&str] = &[
    "", " ", "abc", "a", "b", "42", "5", "007", "+5", " 5 ", "-2147483648", "2147483648", "9223372036854775807", "9223372036854775808", "1.5", "1.555", "1.500", "1e3",
    "0.1", ".5", "5.", "-", "+", "1e400", "12345678901234567890", "0.1234567890123456789", "NaN", "Infinity", "0x10", "1_000", "é", "ééééé", "abcdef", "true", "TRUE", "yes", "off", "tru", "2",
    "2024-01-31", "2024-02-31", "0000-01-01", "2024-1-5", "2024-13-01", "10:00", "10:00:00", "25:00", "10:60", "10:00:60", "24:00:00", "24:00:01", "10:00:00.1234567", "10:00:00.123456",
    "2024-01-31T10:00:00Z", "2024-01-31 10:00:00+02", "2024-02-31T10:00:00Z", "2024-01-31T10:00:00.1234567Z", "2024-01-31T10:00", "2024-01-31 10:00:00+20:00", "infinity", "epoch", "now", "today", "2460341.5",
    "123e4567-e89b-12d3-a456-426614174000", "123E4567-E89B-12D3-A456-426614174000", "{123e4567-e89b-12d3-a456-426614174000}", "123e4567e89b12d3a456426614174000", "123e4567-e89b-12d3-a456-42661417400z",
    "123e4567e89b-12d3-a456-4266-14174000",
    "{}", "{bad}", "[1,", "[1,]", "\"x\"", "null", "{\"a\": 1, \"a\": 2}", "{\"a\":\"\\u0000\"}", "[01]", "{\"a\": [1, {\"b\": \"}\"}]}", "1E5", "'",
];
