//! Every pair of types between which values stay exact, in one table with a column for each; and some that may not.

use hookwright_core::conversion::{Conversion, conversion};
use hookwright_core::field_type::FieldType;
use serde_json::{Value as Json, json};

use super::base::{column, decimal, of_type, string, text, values};
use super::{Case, on};

/// The cases.
pub(super) fn conversions() -> Vec<Case> {
    vec![lossless(), by_probe(), with_the_old_kept()]
}

fn types() -> Vec<Json> {
    let plain = ["Int", "BigInt", "Float", "Boolean", "Date", "Time", "DateTime", "Json", "Uuid", "Bytes"];
    let mut types: Vec<_> = plain.into_iter().map(of_type).collect();
    types.extend([text(), string(20), string(40), values(&["a", "b"]), values(&["a", "b", "c"])]);
    types.extend([decimal(10, 2), decimal(12, 2), decimal(14, 4), decimal(21, 2)]);
    types
}

fn lossless() -> Case {
    let ty = |json: &Json| -> FieldType { serde_json::from_value(json.clone()).expect("a type") };
    let exact = |from: &Json, to: &Json| {
        matches!(conversion(&ty(from), &ty(to)), Conversion::Widening | Conversion::Rewriting)
    };
    let types = types();
    let pairs = types.iter().flat_map(|from| types.iter().map(move |to| (from, to)));
    let pairs = pairs.filter(|(from, to)| exact(from, to)).collect::<Vec<_>>();
    case("types that keep every value", &pairs)
}

/// Values that may not fit, and do.
fn by_probe() -> Case {
    let (text, string, int, big) = (text(), string(20), of_type("Int"), of_type("BigInt"));
    let (short, money, less) = (super::base::string(10), decimal(12, 2), decimal(8, 2));
    let pairs =
        [(&text, &int), (&text, &short), (&string, &short), (&big, &int), (&text, &money), (&money, &less)];
    case("types that the values fit", &pairs)
}

fn with_the_old_kept() -> Case {
    let (text, string, float) = (text(), string(20), of_type("Float"));
    let (int, stamp, date) = (of_type("Int"), of_type("DateTime"), of_type("Date"));
    let mut case = case("types that lose something", &[(&stamp, &date), (&float, &int)]);
    for (number, (from, to, using)) in [
        (&text, &super::base::string(2), json!({"named": "truncate"})),
        (&float, &int, json!({"named": "round"})),
        (&int, &stamp, json!({"named": "epoch-seconds"})),
        (&string, &int, json!({"named": "unfit-to-null"})),
        (&text, &int, json!({"expression": "length(x4)"})),
    ]
    .into_iter()
    .enumerate()
    {
        let name = format!("x{number}");
        case.base.push(on("typed", "add-column", json!({"column": column(&name, from, true)})));
        case.changes[0].push(on("typed", "change-type", json!({"column": name, "ty": to, "using": using})));
    }
    case
}

/// A table with a column of each type, every one of which gets another. Columns in odd places must have values.
fn case(name: &str, pairs: &[(&Json, &Json)]) -> Case {
    let mut columns = vec![column("id", &text(), false)];
    let mut change = Vec::new();
    for (number, (from, to)) in pairs.iter().enumerate() {
        let name = format!("c{number}");
        columns.push(column(&name, from, number % 2 == 0));
        change.push(on("typed", "change-type", json!({"column": name, "ty": to})));
    }
    let base = vec![on("typed", "create-table", json!({"columns": columns, "primaryKey": ["id"]}))];
    Case {
        name: name.into(),
        base,
        unlogged: &[],
        collated: &[],
        changes: vec![change],
        empty_only: false,
        burying: true,
        unforeseen: false,
    }
}
