//! What the policy says of changes, compared with what comes of them: cases of other tools for changing schemas, every
//! pair of types, and tables that SQLite makes anew.

#![allow(clippy::unwrap_used)]

mod asked;
mod bench;
mod case;
mod compared;
mod document;
mod ground;
mod judged;
mod matrix;
mod meaning;
mod rebuilt;
mod session;
mod trial;
mod values;

use hookwright_core::ddl::Dialect;
use hookwright_tests::scenario::Dialect as On;
use hookwright_tests::world::runtime;

#[test]
fn every_pair_of_types_on_postgres_is_as_we_say() {
    matrix(Dialect::Postgres);
}

#[test]
fn every_pair_of_types_on_sqlite_is_as_we_say() {
    matrix(Dialect::Sqlite);
}

#[test]
fn cases_of_other_tools_on_postgres_are_as_we_say() {
    cases(On::Postgres);
}

#[test]
fn cases_of_other_tools_on_sqlite_are_as_we_say() {
    cases(On::Sqlite);
}

#[test]
fn the_document_is_current() {
    document::compare(&case::files());
}

fn matrix(dialect: Dialect) {
    let found = runtime().block_on(matrix::all(dialect));
    println!("{} pairs of types, {} values", found.pairs, found.values);
    assert!(found.wrong.is_empty(), "{} are wrong:\n{}", found.wrong.len(), found.wrong.join("\n"));
}

fn cases(dialect: On) {
    let (count, wrong) = runtime().block_on(async {
        let mut benches = bench::Benches::new(dialect, case::base()).await;
        let (mut count, mut wrong) = (0, Vec::new());
        for (_, file) in case::files() {
            for case in file.cases.iter().filter(|case| case.dialects().contains(&dialect)) {
                wrong.extend(compared::run(&mut benches, case, dialect).await);
                count += 1;
            }
        }
        (count, wrong)
    });
    println!("{count} cases");
    assert!(wrong.is_empty(), "{} are wrong:\n{}", wrong.len(), wrong.join("\n"));
}
