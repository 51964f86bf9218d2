//! Columns of SQLite that the model has no word for: read as the nearest type, with their own words beside; and all
//! columns as the table's text has them, to be made again.
//!
//! `sqlite_table` reads with it, and the executor's rebuild of a table.

use hookwright_core::field_type::FieldType;
use hookwright_core::ident::Ident;
use hookwright_core::schema::{Column, Unread};

use super::tokens::{Cursor, Token, split, tokenize};

/// Words with which what follows a column's type begins.
const AFTER_TYPE: &[&str] = &[
    "constraint",
    "primary",
    "not",
    "null",
    "unique",
    "check",
    "default",
    "collate",
    "references",
    "generated",
    "as",
];

/// Words with which a constraint of a table begins.
const CONSTRAINTS: &[&str] = &["constraint", "primary", "unique", "check", "foreign"];

/// A column as the text of its table has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Definition {
    /// Its name.
    pub name: String,
    /// All of it, its name included.
    pub text: String,
    /// Whether it is computed from others.
    pub computed: bool,
    /// Whether it is unique, or the primary key, by its own definition.
    pub key: bool,
    /// Whether it has a constraint of its own.
    pub constrained: bool,
}

/// Whether what stands between two commas is a constraint of the table, and no column.
pub(super) fn is_constraint(item: &[Token]) -> bool {
    item.first().is_some_and(|token| CONSTRAINTS.iter().any(|word| token.is_word(word)))
}

/// The columns of a table's text, in order; none if it is no plain `CREATE TABLE`.
pub(crate) fn definitions(sql: &str) -> Vec<Definition> {
    let tokens = tokenize(sql).unwrap_or_default();
    let mut cursor = Cursor::new(&tokens);
    if !cursor.eat(&["create", "table"]) || cursor.take().is_none() {
        return Vec::new();
    }
    let items = cursor.group().map(split).unwrap_or_default();
    items.into_iter().filter(|item| !is_constraint(item)).filter_map(|item| definition(sql, item)).collect()
}

fn definition(sql: &str, item: &[Token]) -> Option<Definition> {
    let (first, last) = (item.first()?, item.last()?);
    let mut cursor = Cursor::new(&item[1..]);
    declared(&mut cursor);
    let mut words = Vec::new();
    while cursor.peek().is_some() {
        if cursor.group().is_none() {
            words.extend(cursor.take());
        }
    }
    let has = |wanted: &[&str]| words.iter().any(|word| wanted.iter().any(|w| word.is_word(w)));
    Some(Definition {
        name: first.name()?.to_owned(),
        text: sql[first.start..last.end].to_owned(),
        computed: has(&["as"]),
        key: has(&["unique", "primary"]),
        constrained: has(&["unique", "primary", "references", "check"]),
    })
}

/// Takes the words of a column's type.
pub(super) fn declared<'t>(cursor: &mut Cursor<'t>) -> &'t [Token] {
    let rest = cursor.rest();
    while let Some(token) = cursor.peek() {
        if AFTER_TYPE.iter().any(|word| token.is_word(word)) {
            break;
        }
        if cursor.group().is_none() {
            cursor.take();
        }
    }
    &rest[..rest.len() - cursor.rest().len()]
}

/// The type that can hold whatever a column of a declared type does, by SQLite's own rules of affinity
/// (<https://www.sqlite.org/datatype3.html>, 3.1). What may be a number or a text is taken for a text.
pub(super) fn nearest(declared: &str) -> FieldType {
    let declared = declared.to_ascii_uppercase();
    let has = |words: &[&str]| words.iter().any(|word| declared.contains(word));
    match () {
        () if has(&["INT"]) => FieldType::BigInt,
        () if has(&["CHAR", "CLOB", "TEXT"]) => FieldType::Text,
        () if has(&["BLOB"]) || declared.is_empty() => FieldType::Bytes,
        () if has(&["REAL", "FLOA", "DOUB"]) => FieldType::Float,
        () => FieldType::Text,
    }
}

/// A type as it is told, also where a column was declared without any.
pub(super) fn called(declared: &str) -> String {
    if declared.is_empty() { "no type".to_owned() } else { declared.to_owned() }
}

/// A column with parts that the model has no word for: all that follows its name is told as its type. None if its name
/// is none of the model's.
pub(super) fn whole(sql: &str, item: &[Token]) -> Option<Column> {
    let (first, rest) = item.split_first()?;
    let mut cursor = Cursor::new(rest);
    let text = |tokens: &[Token]| match (tokens.first(), tokens.last()) {
        (Some(first), Some(last)) => sql[first.start..last.end].to_owned(),
        _ => String::new(),
    };
    let ty = nearest(&text(declared(&mut cursor)));
    let nullable = !rest.windows(2).any(|two| two[0].is_word("not") && two[1].is_word("null"));
    let unread = Unread { ty: Some(called(&text(rest))), far: false, default: None };
    let name = Ident::parse(first.name()?).ok()?;
    Some(Column { nullable, unread: Some(Box::new(unread)), ..Column::new(name, ty) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_cut_out_of_the_text() {
        let sql =
            "CREATE TABLE t (id INTEGER PRIMARY KEY, \"a b\" DECIMAL(10, 2) DEFAULT (1 + 2) COLLATE NOCASE,
            c AS (id + 1), n, CHECK (id > 0), u varchar(3) UNIQUE CHECK (u <> 'as'))";
        let told = |d: Definition| (d.name, d.text, [d.computed, d.key, d.constrained]);
        let text = |name: &str, text: &str, is: [bool; 3]| (name.to_owned(), text.to_owned(), is);
        let expected = [
            text("id", "id INTEGER PRIMARY KEY", [false, true, true]),
            text("a b", "\"a b\" DECIMAL(10, 2) DEFAULT (1 + 2) COLLATE NOCASE", [false, false, false]),
            text("c", "c AS (id + 1)", [true, false, false]),
            text("n", "n", [false, false, false]),
            text("u", "u varchar(3) UNIQUE CHECK (u <> 'as')", [false, true, true]),
        ];
        assert_eq!(definitions(sql).into_iter().map(told).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn the_nearest_type_follows_affinity() {
        for (declared, ty) in [
            ("varchar(30)", FieldType::Text),
            ("BIGINT", FieldType::BigInt),
            ("double precision", FieldType::Float),
            ("", FieldType::Bytes),
            ("datetime", FieldType::Text),
            ("decimal(10,2)", FieldType::Text),
        ] {
            assert_eq!(nearest(declared), ty, "{declared}");
        }
    }
}
