//! Names for constraints and indexes that nobody named: readable, at most 63
//! bytes, and free in the schema they are made for.

use sha2::{Digest, Sha256};

use super::{Schema, Table};
use crate::ident::{Ident, MAX_BYTES};

/// A free name for a unique constraint on `columns` of `table`.
#[must_use]
pub fn unique(schema: &Schema, table: &Ident, columns: &[Ident]) -> Ident {
    unique_beside(table, columns, |name| relation_taken(schema, name))
}

/// The same, where somebody else knows which names are taken.
pub(crate) fn unique_beside(table: &Ident, columns: &[Ident], taken: impl Fn(&Ident) -> bool) -> Ident {
    free(&stem(table, columns), "key", taken)
}

/// Whether a name is like those of unique constraints: `_key` at its end, or a number after that where it was taken.
/// On SQLite, where they are unique indexes, it is all that tells them from others.
#[must_use]
pub fn is_unique(name: &Ident) -> bool {
    name.as_str().trim_end_matches(|c: char| c.is_ascii_digit()).ends_with("_key")
}

/// A free name for an index on `columns` of `table`.
#[must_use]
pub fn index(schema: &Schema, table: &Ident, columns: &[Ident]) -> Ident {
    index_beside(table, columns, |name| relation_taken(schema, name))
}

/// The same, where somebody else knows which names are taken.
pub(crate) fn index_beside(table: &Ident, columns: &[Ident], taken: impl Fn(&Ident) -> bool) -> Ident {
    free(&stem(table, columns), "idx", taken)
}

/// A free name for a foreign key on `columns` of `table`; unique on its table is enough.
#[must_use]
pub fn foreign_key(table: &Table, columns: &[Ident]) -> Ident {
    free(&stem(&table.name, columns), "fkey", |name| constraint_taken(table, name))
}

/// The name of a primary key, as PostgreSQL would choose it.
#[must_use]
pub fn primary_key(table: &Ident) -> Ident {
    shorten(table.as_str(), "pkey")
}

/// The name of the check that keeps an `Enum` column to its values. It follows the column's name.
#[must_use]
pub fn values_check(column: &Ident) -> Ident {
    shorten(column.as_str(), "values")
}

/// The name of the check that stands in for NOT NULL while rows are being checked.
#[must_use]
pub fn required_check(column: &Ident) -> Ident {
    shorten("hookwright_required", column.as_str())
}

/// The name of something while it is made beside what it will replace.
#[must_use]
pub fn passing(name: &Ident) -> Ident {
    shorten("hookwright_new", name.as_str())
}

/// Whether a name is one that steps beside a change's transaction give to what they make for themselves.
#[must_use]
pub fn is_of_step(name: &str) -> bool {
    let begins = ["hookwright_required_", "hookwright_new_", "hookwright_keep_", "zzz_hookwright_"];
    begins.iter().any(|begin| name.starts_with(begin))
}

/// A free name for something that makes way for another one, until it gets its own.
pub(crate) fn moving(name: &Ident, taken: impl Fn(&Ident) -> bool) -> Ident {
    free(&format!("{}_", name.as_str()), "hookwright_moving", taken)
}

/// The name of the unique constraint that has a passing name: SQLite knows them by the end.
pub(crate) fn moving_unique(way: &Ident) -> Ident {
    shorten(way.as_str(), "key")
}

/// The name of the function that keeps a column filled while it is being made.
#[must_use]
pub fn keeper(table: &Ident, column: &Ident) -> Ident {
    shorten(&format!("hookwright_keep_{}", table.as_str()), column.as_str())
}

/// The name of the trigger that calls it for new rows.
#[must_use]
pub fn keeper_of_inserts(column: &Ident) -> Ident {
    last("inserts", column)
}

/// The name of the trigger that calls it for rows that change.
#[must_use]
pub fn keeper_of_updates(column: &Ident) -> Ident {
    last("updates", column)
}

/// Triggers run in the order of their names: behind all others that may change the row.
fn last(what: &str, column: &Ident) -> Ident {
    shorten(&format!("zzz_hookwright_{what}"), column.as_str())
}

/// Tables, indexes and unique constraints of a PostgreSQL schema share one space of names.
#[must_use]
pub fn relation_taken(schema: &Schema, name: &Ident) -> bool {
    let buried = schema.buried.values().map(|b| &b.table);
    schema.tables.values().map(AsRef::as_ref).chain(buried).any(|t| names_relation(t, name))
}

/// Whether something outside a table has the name.
pub(crate) fn relation_taken_by_others(schema: &Schema, table: &Ident, name: &Ident) -> bool {
    let buried = schema.buried.values().map(|b| &b.table);
    let others = schema.tables.values().map(AsRef::as_ref).filter(|t| t.name != *table);
    others.chain(buried).any(|t| names_relation(t, name))
}

/// A name that something had before it was buried, or the next free one if another has it now.
pub(crate) fn again(name: Ident, taken: impl Fn(&Ident) -> bool) -> Ident {
    match taken(&name) {
        true => free(name.as_str(), "restored", taken),
        false => name,
    }
}

/// A free name for what has the name of something else.
#[must_use]
pub fn aside(name: &Ident, taken: impl Fn(&Ident) -> bool) -> Ident {
    free(name.as_str(), "other", taken)
}

/// A free name for the primary key of a table.
pub(crate) fn free_primary_key(schema: &Schema, table: &Ident) -> Ident {
    primary_key_beside(table, |name| relation_taken_by_others(schema, table, name))
}

/// The same, where somebody else knows which names others have.
pub(crate) fn primary_key_beside(table: &Ident, taken: impl Fn(&Ident) -> bool) -> Ident {
    free(table.as_str(), "pkey", taken)
}

fn names_relation(table: &Table, name: &Ident) -> bool {
    relations(table).any(|n| n.collides(name))
}

/// The names of a table, its key, indexes and unique constraints. Those that something buried had are kept for it.
pub(crate) fn relations(table: &Table) -> impl Iterator<Item = Ident> + '_ {
    let buried = table
        .buried
        .values()
        .flat_map(|b| b.uniques.iter().map(|u| &u.name).chain(b.indexes.iter().map(|i| &i.name)));
    let uniques = table.uniques.iter().map(|u| &u.name);
    let names = uniques.chain(table.indexes.iter().map(|i| &i.name)).chain(buried).cloned();
    [table.name.clone(), table.key_name()].into_iter().chain(names)
}

/// The names of a table's foreign keys and checks.
pub(crate) fn constraints(table: &Table) -> impl Iterator<Item = Ident> + '_ {
    let keys = table.foreign_keys.iter().map(|key| &key.name);
    keys.chain(table.checks.iter().map(|check| &check.name)).cloned()
}

pub(crate) fn constraint_taken(table: &Table, name: &Ident) -> bool {
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
    let kind = &kind[..kind.len().min(20)];
    let end = format!("_{hash}_{kind}");
    let stem = &stem[..stem.len().min(MAX_BYTES - end.len())];
    Ident::from_parts(format!("{stem}{end}"))
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
