//! What PostgreSQL numbered is known again, whatever hands call it and whatever else they do to it.

use hookwright_core::drift::Scope;
use hookwright_core::ident::Ident;
use hookwright_tests::scenario::Dialect;
use serde_json::json;

use super::alike::{ALIKE, COLUMNS, add, alike, mended, rows_are_in_place, turned_columns, turned_tables};
use super::bench::{ALLOWED, sync, told};
use super::twins::{after, in_step};

#[test]
fn columns_that_changed_places_are_told_and_no_event_works_on_the_wrong_one() {
    for names in [&COLUMNS[..2], &COLUMNS] {
        let deed = turned_columns(names);
        after(&[Dialect::Postgres], alike, &deed, async |bench| {
            let deleting = json!({"id": "d", "type": "field.delete", "entity": "pear", "field": "a", "dropColumn": true});
            for event in [add("x", "pear"), deleting.clone()] {
                let error = bench.refused(&event).await;
                assert_eq!(error.code, "db/drifted", "{error}");
                assert!(
                    error.message.contains("the column \"") && error.message.contains("another name by hand"),
                    "{error}"
                );
            }
            // What is about other tables goes on.
            bench.event(&add("y", "plum")).await;
            let findings: Vec<_> =
                names.iter().map(|name| format!("drift/renamed-column pear.{name}")).collect();
            mended(bench, &findings.iter().map(String::as_str).collect::<Vec<_>>()).await;
            bench.event(&deleting).await;
            let kept =
                bench.world.rows("SELECT hookwright_dropped_1_a FROM pear").await.expect("read").concat();
            assert!(kept.contains("pear.a"), "{kept}");
        });
    }
}

#[test]
fn tables_of_one_shape_that_changed_places_are_known() {
    for names in [&ALIKE[..2], &ALIKE] {
        let deed = turned_tables(names);
        let besides = "ALTER TABLE plum RENAME a TO first; ALTER TABLE pear RENAME CONSTRAINT plum_pkey TO k; \
            ALTER TABLE plum ADD more int";
        for deed in [deed.clone(), deed + besides] {
            after(&[Dialect::Postgres], alike, &deed, async |bench| {
                let error = bench.refused(&add("x", "pear")).await;
                assert_eq!(error.code, "db/drifted", "{error}");
                bench.event(&sync()).await;
                rows_are_in_place(bench).await;
            });
        }
    }
}

#[test]
fn the_names_of_keys_say_nothing_of_tables_that_are_where_they_were() {
    let deed = "ALTER TABLE pear RENAME CONSTRAINT pear_pkey TO k; ALTER TABLE plum RENAME CONSTRAINT plum_pkey TO pear_pkey; \
        ALTER TABLE pear RENAME CONSTRAINT k TO plum_pkey";
    after(&[Dialect::Postgres], alike, deed, async |bench| {
        mended(bench, &["drift/renamed-primary-key pear", "drift/renamed-primary-key plum"]).await;
    });
}

#[test]
fn what_has_another_name_and_another_type_is_what_it_was() {
    let deeds: [(&str, &[&str]); 5] = [
        (
            "ALTER TABLE pear RENAME b TO remark; ALTER TABLE pear ALTER remark TYPE text",
            &["drift/renamed-column pear.b", "drift/type pear.b"],
        ),
        (
            "ALTER TABLE pear RENAME kind TO sort; ALTER TABLE pear ALTER sort TYPE varchar(20)",
            &["drift/renamed-column pear.kind", "drift/type pear.kind"],
        ),
        ("ALTER TABLE pear ALTER kind TYPE varchar(20)", &["drift/type pear.kind"]),
        (
            "ALTER TABLE pear RENAME id TO ident; ALTER TABLE pear ALTER ident TYPE bigint",
            &["drift/renamed-column pear.id", "drift/type pear.id"],
        ),
        (
            "ALTER TABLE pear RENAME TO apple; ALTER TABLE apple RENAME b TO remark; ALTER TABLE apple ALTER remark TYPE text; \
             ALTER TABLE apple DROP COLUMN kind",
            &[
                "drift/missing-column pear.kind",
                "drift/renamed-column pear.b",
                "drift/renamed-table pear",
                "drift/type pear.b",
            ],
        ),
    ];
    for (deed, findings) in deeds {
        after(&[Dialect::Postgres], alike, deed, async |bench| {
            let drift = bench.drift().await;
            let mut all = told(&drift.findings);
            all.sort();
            assert_eq!(all, findings);
            bench.event(&sync()).await;
            if !deed.contains("DROP") {
                rows_are_in_place(bench).await;
            }
            in_step(bench).await;
        });
    }
}

#[test]
fn a_table_that_was_moved_and_renamed_comes_back() {
    let deed = "CREATE SCHEMA other; ALTER TABLE pear SET SCHEMA other; ALTER TABLE other.pear RENAME TO apple; \
        ALTER TABLE plum RENAME TO pear";
    after(&[Dialect::Postgres], alike, deed, async |bench| {
        let error = bench.refused(&add("x", "pear")).await;
        assert!(error.message.contains("\"other.apple\""), "{error}");
        let drift = bench.drift().await;
        let finding = drift.findings.iter().find(|f| f.table.as_str() == "pear").expect("a finding");
        let finding = bench.told(finding);
        assert_eq!(finding.code, "drift/moved-table");
        assert!(
            finding.message.contains("is in the schema \"other\", and is called \"apple\""),
            "{}",
            finding.message
        );
        let statement =
            finding.repair.find("ALTER TABLE").map(|at| &finding.repair[at..]).expect("a statement");
        bench.paste(statement).await;
        mended(bench, &["drift/renamed-table pear", "drift/renamed-table plum"]).await;
    });
}

/// What a repair leaves is told again, and known.
#[test]
fn what_a_repair_of_something_else_leaves_is_still_known() {
    let deed = turned_columns(&["a", "b"]) + "ALTER TABLE pear ALTER c TYPE text";
    after(&[Dialect::Postgres], alike, &deed, async |bench| {
        bench.event(&json!({"id": "one", "type": "schema.sync", "entity": "pear", "field": "c"})).await;
        mended(bench, &["drift/renamed-column pear.a", "drift/renamed-column pear.b"]).await;
    });
}

/// A dump that was restored has other numbers: names tell then, as they do on SQLite, until a change notes the new ones.
#[test]
fn what_was_noted_elsewhere_says_nothing() {
    let deed = "UPDATE hookwright.model SET home = 1; ALTER TABLE pear RENAME TO apple";
    after(&[Dialect::Postgres], alike, deed, async |bench| {
        mended(bench, &["drift/renamed-table pear"]).await;
        let scope = Scope { table: Some(Ident::parse("pear").expect("a name")), ..Scope::default() };
        assert!(bench.drift().await.is_done(&scope));
        bench.event(&add("x", "pear")).await;
        bench.hand(&turned_columns(&["a", "b"])).await;
        mended(bench, &["drift/renamed-column pear.a", "drift/renamed-column pear.b"]).await;
    });
}

/// It is none of its own any more, and has another name besides.
#[test]
fn a_table_of_a_type_that_was_renamed_is_told_as_both() {
    let deed = "CREATE TYPE fruit AS (id integer, kind text, a varchar(40), b varchar(40), c varchar(40)); \
        ALTER TABLE pear OF fruit; ALTER TABLE pear RENAME TO apple";
    after(&[Dialect::Postgres], alike, deed, async |bench| {
        let drift = bench.drift().await;
        assert_eq!(told(&drift.findings), ["drift/renamed-table pear"]);
        let finding = bench.told(&drift.findings[0]);
        assert!(
            finding.message.contains("is called \"apple\", and is made of a type"),
            "{}",
            finding.message
        );
        assert_eq!(finding.adopt, None);
        let reasons = bench.send(&sync(), ALLOWED).await.reasons;
        assert!(reasons[0].help.contains("ALTER TABLE \"acme\".\"apple\" NOT OF"), "{reasons:#?}");
        bench.paste("ALTER TABLE acme.apple NOT OF").await;
        mended(bench, &["drift/renamed-table pear"]).await;
    });
}

/// Every order of three.
const ORDERS: [[usize; 3]; 6] = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];

/// Gives each of three the name of another.
fn ordered(names: [&str; 3], order: [usize; 3], rename: impl Fn(&str, &str) -> String) -> String {
    let aside: String = names.iter().map(|name| rename(name, &format!("{name}_way"))).collect();
    let back = names.iter().zip(order).map(|(name, to)| rename(&format!("{name}_way"), names[to]));
    aside + &back.collect::<String>()
}

/// A law: however names are exchanged, over tables and columns at once, and types changed besides, a sync puts each row and
/// value where it was.
#[test]
fn whatever_is_exchanged_comes_back() {
    after(&[Dialect::Postgres], alike, "", async |bench| {
        for (number, (tables, columns)) in
            ORDERS.iter().flat_map(|t| ORDERS.iter().map(move |c| (*t, *c))).enumerate()
        {
            let table = ALIKE[number % 3];
            let mut deed =
                ordered(COLUMNS, columns, |from, to| format!("ALTER TABLE {table} RENAME {from} TO {to};"));
            if number % 2 == 1 {
                deed += &format!("ALTER TABLE {table} ALTER {} TYPE text;", COLUMNS[number % 3]);
            }
            deed += &ordered(ALIKE, tables, |from, to| format!("ALTER TABLE {from} RENAME TO {to};"));
            bench.hand(&deed).await;
            let id = format!("law {number}");
            let outcome = bench.send(&json!({"id": id, "type": "schema.sync"}), ALLOWED).await;
            assert!(outcome.left.is_empty() && outcome.reasons.is_empty(), "{deed}: {outcome:#?}");
            rows_are_in_place(bench).await;
            in_step(bench).await;
        }
    });
}
