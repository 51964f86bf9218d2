//! Which field type a column of SQLite has: told by the declared type and by the check that the core writes for each type.

use std::collections::BTreeSet;

use hookwright_core::ddl::sqlite_column_check;
use hookwright_core::field_type::{FieldType, MAX_PRECISION};
use hookwright_core::ident::Ident;

use super::tokens::{Kind, Token, same, tokenize};

/// The type whose check, written for this column, is the one found; none if no type's is.
pub(super) fn recognise(column: &Ident, declared: &str, check: Option<&[Token]>) -> Option<FieldType> {
    let Some(check) = check else { return unchecked(declared) };
    let written = |ty: &FieldType| sqlite_column_check(column, ty).and_then(|text| tokenize(&text));
    let fits = |ty: &FieldType| written(ty).is_some_and(|tokens| same(&tokens, check));
    let exact = candidates(declared, check).into_iter().find(fits);
    let exact = exact.or_else(|| decimals(declared, check).find(fits));
    exact
        .or_else(|| length(column, declared, check))
        .or_else(|| json(declared, check, written(&FieldType::Json)?))
}

/// JSON by a check that does not ask for NULL, which is how it was written once: `json_valid(c)`.
fn json(declared: &str, check: &[Token], own: Vec<Token>) -> Option<FieldType> {
    let bare = own.get(4..).filter(|_| declared == "text")?;
    same(bare, check).then_some(FieldType::Json)
}

/// A length that somebody wrote in other words: `length(c) < 81`, `80 >= length(c)`, `81 > length(c)`.
fn length(column: &Ident, declared: &str, check: &[Token]) -> Option<FieldType> {
    let bound = numbers(check).into_iter().next().filter(|_| declared == "text")?;
    let lengths = [bound.checked_sub(1)?, bound].map(|length| FieldType::String { length });
    let says_so = |ty: &FieldType| {
        let own = sqlite_column_check(column, ty).unwrap_or_default();
        let (measured, most) = own.split_once(" <= ").unwrap_or_default();
        let words = [
            format!("{measured} < {bound}"),
            format!("{bound} > {measured}"),
            format!("{most} >= {measured}"),
        ];
        let is_strict = *most != *bound.to_string();
        let fitting = if is_strict { &words[..2] } else { &words[2..] };
        fitting.iter().any(|text| tokenize(text).is_some_and(|tokens| same(&tokens, check)))
    };
    lengths.into_iter().find(says_so)
}

fn unchecked(declared: &str) -> Option<FieldType> {
    match declared {
        "text" => Some(FieldType::Text),
        "integer" => Some(FieldType::BigInt),
        "real" => Some(FieldType::Float),
        "blob" => Some(FieldType::Bytes),
        _ => None,
    }
}

fn candidates(declared: &str, check: &[Token]) -> Vec<FieldType> {
    match declared {
        "integer" => vec![FieldType::Int, FieldType::Boolean],
        "text" => {
            let lengths = numbers(check).into_iter().map(|length| FieldType::String { length });
            let fixed =
                [FieldType::Date, FieldType::Time, FieldType::DateTime, FieldType::Json, FieldType::Uuid];
            lengths.chain(fixed).chain([FieldType::Enum { values: texts(check) }]).collect()
        }
        _ => Vec::new(),
    }
}

/// Precisions and scales that the numbers of the check could have come from.
fn decimals(declared: &str, check: &[Token]) -> impl Iterator<Item = FieldType> {
    let found = if declared == "text" { numbers(check) } else { BTreeSet::new() };
    let mut bases: BTreeSet<u32> = found.clone();
    bases.insert(0);
    for a in &found {
        bases.extend(found.iter().flat_map(|b| [a.saturating_add(*b), a.saturating_sub(*b)]));
        bases.extend((1..=3).flat_map(|n| [a.saturating_add(n), a.saturating_sub(n)]));
    }
    bases.retain(|n| *n <= MAX_PRECISION);
    let scales = bases.clone();
    let pairs = move |precision: u32| {
        let scales = scales.range(..=precision).copied().collect::<Vec<_>>();
        scales.into_iter().map(move |scale| FieldType::Decimal { precision, scale })
    };
    bases.into_iter().filter(|p| *p > 0).flat_map(pairs)
}

fn numbers(check: &[Token]) -> BTreeSet<u32> {
    let number = |token: &Token| match &token.kind {
        Kind::Number(digits) => digits.parse().ok(),
        _ => None,
    };
    check.iter().filter_map(number).collect()
}

fn texts(check: &[Token]) -> Vec<String> {
    let text = |token: &Token| match &token.kind {
        Kind::Text(text) => Some(text.clone()),
        _ => None,
    };
    check.iter().filter_map(text).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_type_is_known_by_its_check() {
        let column = Ident::parse("c").expect("a name");
        let values = vec!["a".to_owned(), "it's".to_owned()];
        let types = [
            ("text", FieldType::String { length: 140 }),
            ("text", FieldType::Text),
            ("integer", FieldType::Int),
            ("integer", FieldType::BigInt),
            ("integer", FieldType::Boolean),
            ("real", FieldType::Float),
            ("text", FieldType::Decimal { precision: 12, scale: 2 }),
            ("text", FieldType::Decimal { precision: 7, scale: 0 }),
            ("text", FieldType::Decimal { precision: 5, scale: 5 }),
            ("text", FieldType::Decimal { precision: 1000, scale: 999 }),
            ("text", FieldType::Date),
            ("text", FieldType::Time),
            ("text", FieldType::DateTime),
            ("text", FieldType::Json),
            ("text", FieldType::Uuid),
            ("blob", FieldType::Bytes),
            ("text", FieldType::Enum { values }),
        ];
        for (words, length) in [
            ("length(\"c\") < 81", 80),
            ("81 > length(\"c\")", 80),
            ("80 >= length(c)", 80),
            ("length(c) <= 80", 80),
        ] {
            let tokens = tokenize(words);
            let found = recognise(&column, "text", tokens.as_deref());
            assert_eq!(found, Some(FieldType::String { length }), "{words}");
        }
        let bare = tokenize("json_valid(c)");
        assert_eq!(recognise(&column, "text", bare.as_deref()), Some(FieldType::Json));
        let other = tokenize("length(\"c\") > 80");
        assert_eq!(recognise(&column, "text", other.as_deref()), None);
        for (declared, ty) in types {
            let check = sqlite_column_check(&column, &ty);
            let tokens = check.as_deref().and_then(tokenize);
            assert_eq!(recognise(&column, declared, tokens.as_deref()), Some(ty), "{check:?}");
        }
    }
}
