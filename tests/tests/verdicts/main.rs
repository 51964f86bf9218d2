//! What the policy says of changes, compared with what comes of them: cases of other tools for changing schemas, every
//! pair of types, and tables that SQLite makes anew.

#![allow(clippy::unwrap_used)]

mod ground;
mod judged;
mod matrix;
mod meaning;
mod values;

use hookwright_core::ddl::Dialect;
use hookwright_tests::world::runtime;

#[test]
fn every_pair_of_types_on_postgres_is_as_we_say() {
    matrix(Dialect::Postgres);
}

#[test]
fn every_pair_of_types_on_sqlite_is_as_we_say() {
    matrix(Dialect::Sqlite);
}

fn matrix(dialect: Dialect) {
    let found = runtime().block_on(matrix::all(dialect));
    println!("{} pairs of types, {} values", found.pairs, found.values);
    assert!(found.wrong.is_empty(), "{} are wrong:\n{}", found.wrong.len(), found.wrong.join("\n"));
}
