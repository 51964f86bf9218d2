//! Names for constraints and indexes that nobody named: readable, at most 63
//! bytes, and free in the schema they are made for.

use sha2::{Digest, Sha256};

use super::{Schema, Table};
use crate::ident::{Ident, MAX_BYTES};

/// A free name for a unique constraint on `columns` of `table`.
#[must_use]
pub fn unique(schema: &Schema, table: &Ident, columns: &[Ident]) -> Ident {
    free(&stem(table, columns), "key", |name| relation_taken(schema, name))
}

/// A free name for an index on `columns` of `table`.
#[must_use]
pub fn index(schema: &Schema, table: &Ident, columns: &[Ident]) -> Ident {
    free(&stem(table, columns), "idx", |name| relation_taken(schema, name))
}

/// A free name for a foreign key on `columns` of `table`; unique on its table is enough.
#[must_use]
pub fn foreign_key(table: &Table, columns: &[Ident]) -> Ident {
    free(&stem(&table.name, columns), "fkey", |name| constraint_taken(table, name))
}

/// The name of the check that keeps an `Enum` column to its values. It follows the column's name.
#[must_use]
pub fn values_check(column: &Ident) -> Ident {
    shorten(column.as_str(), "values")
}

/// Tables, indexes and unique constraints of a PostgreSQL schema share one space of names.
fn relation_taken(schema: &Schema, name: &Ident) -> bool {
    schema.tables.values().any(|t| {
        t.name.collides(name)
            || t.uniques.iter().any(|u| u.name.collides(name))
            || t.indexes.iter().any(|i| i.name.collides(name))
    })
}

fn constraint_taken(table: &Table, name: &Ident) -> bool {
    table.foreign_keys.iter().any(|k| k.name == *name) || table.checks.iter().any(|c| c.name == *name)
}

fn stem(table: &Ident, columns: &[Ident]) -> String {
    let columns: Vec<_> = columns.iter().map(Ident::as_str).collect();
    format!("{}_{}", table.as_str(), columns.join("_"))
}

fn free(stem: &str, kind: &str, taken: impl Fn(&Ident) -> bool) -> Ident {
    let numbered = (2..).map(|n| shorten(stem, &format!("{kind}{n}")));
    let mut candidates = std::iter::once(shorten(stem, kind)).chain(numbered);
    candidates.find(|name| !taken(name)).unwrap_or_else(|| shorten(stem, kind))
}

/// A name past the limit keeps its beginning and its end, which tells what it names, around a hash of the whole.
fn shorten(stem: &str, kind: &str) -> Ident {
    let whole = format!("{stem}_{kind}");
    if whole.len() <= MAX_BYTES {
        return Ident::from_parts(whole);
    }
    let hash = hex::encode(&Sha256::digest(&whole)[..5]);
    let end = format!("_{hash}_{kind}");
    Ident::from_parts(format!("{}{end}", &stem[..MAX_BYTES - end.len()]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ident(text: &str) -> Ident {
        Ident::parse(text).expect("a name")
    }

    #[test]
    fn long_names_stay_distinct() {
        let schema = Schema::default();
        let table = ident(&"t".repeat(60));
        let one = unique(&schema, &table, &[ident("a")]);
        let two = unique(&schema, &table, &[ident("b")]);
        assert_eq!(one.as_str().len(), MAX_BYTES);
        assert_ne!(one, two);
        assert!(one.as_str().ends_with("_key"));
    }

    #[test]
    fn a_taken_name_gets_a_number() {
        let mut schema = Schema::default();
        schema.insert(Table::new(ident("t_a_key")));
        assert_eq!(unique(&schema, &ident("t"), &[ident("a")]).as_str(), "t_a_key2");
    }
}
