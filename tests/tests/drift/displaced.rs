//! Something else in the place of what was moved away: neither is taken for the other.

use hookwright_tests::scenario::Dialect;
use serde_json::json;

use super::alike::{ALIKE, add, alike, rows_are_in_place, turned_columns};
use super::bench::{ALLOWED, sync, told};
use super::twins::after;

/// A column of somebody's in the place of one that they called otherwise: neither is taken for the other.
#[test]
fn a_column_that_was_put_in_the_place_of_another_is_told() {
    let deed = "ALTER TABLE pear RENAME a TO a_old; ALTER TABLE pear ADD a int; UPDATE pear SET a = 7";
    after(&[Dialect::Postgres], alike, deed, async |bench| {
        let error = bench.refused(&add("x", "pear")).await;
        assert!(error.message.contains("\"a\" of the table \"pear\" is called \"a_old\""), "{error}");
        let drift = bench.drift().await;
        let finding = bench.told(&drift.findings[0]);
        assert_eq!(told(&drift.findings), ["drift/renamed-column pear.a"]);
        assert!(finding.message.contains("and another column has its name"), "{}", finding.message);
        let error = bench.refused(&sync()).await;
        assert_eq!(error.code, "drift/renamed-column", "{error}");
        assert!(error.help.contains("RENAME COLUMN \"a\" TO \"a_other\""), "{}", error.help);
        let statement =
            finding.repair.find("ALTER TABLE").map(|at| &finding.repair[at..]).expect("a statement");
        bench.paste(statement).await;
        assert_eq!(
            told(&bench.drift().await.findings),
            ["drift/extra-column pear.a_other", "drift/renamed-column pear.a"]
        );
        bench.event(&json!({"id": "again", "type": "schema.sync"})).await;
        rows_are_in_place(bench).await;
        assert_eq!(bench.world.rows("SELECT a_other FROM pear").await.expect("read").len(), 1);
    });
}

/// What somebody made is never noted as ours, though it has the name that a field gets later.
#[test]
fn a_column_of_somebodys_that_made_room_for_a_field_is_theirs() {
    after(&[Dialect::Postgres], alike, "ALTER TABLE pear ADD note text", async |bench| {
        bench.event(&add("one", "pear")).await;
        bench.hand("ALTER TABLE pear RENAME note TO note_other").await;
        bench.event(&add("note", "pear")).await;
        bench.event(&add("two", "pear")).await;
        assert_eq!(told(&bench.drift().await.findings), ["drift/extra-column pear.note_other"]);
    });
}

/// A change between the rename and its repair notes neither column anew.
#[test]
fn a_column_in_the_place_of_another_is_not_noted_as_it() {
    let deed = "ALTER TABLE pear RENAME a TO a_old; ALTER TABLE pear ADD a varchar(40); UPDATE pear SET a = 'theirs'; \
        ALTER TABLE pear ALTER c TYPE text";
    after(&[Dialect::Postgres], alike, deed, async |bench| {
        bench.event(&json!({"id": "c", "type": "schema.adopt", "entity": "pear", "field": "c"})).await;
        bench.hand("ALTER TABLE pear RENAME a TO a_other").await;
        bench.event(&json!({"id": "again", "type": "schema.sync"})).await;
        rows_are_in_place(bench).await;
        assert_eq!(told(&bench.drift().await.findings), ["drift/extra-column pear.a_other"]);
    });
}

/// The one that had the name is gone: what has it now is another of ours, and no event takes it for that.
#[test]
fn what_has_the_name_of_one_that_is_gone_is_what_it_was() {
    let delete =
        |entity: &str| json!({"id": "d", "type": "entity.delete", "entity": entity, "dropTable": true});
    let drop = |field: &str| json!({"id": "d", "type": "field.delete", "entity": "pear", "field": field, "dropColumn": true});
    let deeds = [
        (
            "DROP TABLE pear; ALTER TABLE plum RENAME TO pear",
            delete("pear"),
            "the table \"plum\" of the model is called \"pear\"",
        ),
        (
            "ALTER TABLE pear DROP a; ALTER TABLE pear RENAME b TO a",
            drop("a"),
            "the column \"b\" of the table \"pear\" is called \"a\"",
        ),
    ];
    for (deed, event, told) in deeds {
        after(&[Dialect::Postgres], alike, deed, async |bench| {
            let error = bench.refused(&event).await;
            assert_eq!(error.code, "db/drifted", "{error}");
            assert!(error.message.contains(told), "{error}");
        });
    }
}

/// Each column along by one, and somebody's in the gap: what is in the way is theirs alone, and the rest waits for it.
#[test]
fn columns_that_moved_along_wait_for_the_one_in_the_way() {
    let deed = "ALTER TABLE pear RENAME a TO a_old; ALTER TABLE pear RENAME b TO a; ALTER TABLE pear ADD b int; \
        ALTER TABLE pear ALTER c TYPE text";
    after(&[Dialect::Postgres], alike, deed, async |bench| {
        let findings = bench.drift().await.findings;
        assert_eq!(
            told(&findings),
            ["drift/renamed-column pear.a", "drift/renamed-column pear.b", "drift/type pear.c"]
        );
        assert!(
            !bench.told(&findings[0]).message.contains("drop it"),
            "{}",
            bench.told(&findings[0]).message
        );
        bench.send(&sync(), ALLOWED).await;
        bench.hand("ALTER TABLE pear RENAME b TO b_other").await;
        bench.event(&json!({"id": "again", "type": "schema.sync"})).await;
        rows_are_in_place(bench).await;
        assert_eq!(told(&bench.drift().await.findings), ["drift/extra-column pear.b_other"]);
    });
}

/// One of somebody's with the name of its key is not it.
#[test]
fn a_table_in_the_place_of_one_that_was_moved_away_is_not_taken_for_it() {
    let deed = "CREATE SCHEMA other; ALTER TABLE pear SET SCHEMA other; CREATE TABLE pear (id int PRIMARY KEY, foo text)";
    after(&[Dialect::Postgres], alike, deed, async |bench| {
        let error = bench.refused(&add("x", "pear")).await;
        assert!(error.message.contains("\"other.pear\""), "{error}");
        assert_eq!(told(&bench.drift().await.findings), ["drift/moved-table pear"]);
    });
}

/// The old one is kept under another name, and what is in its place is what a dump of it makes.
#[test]
fn a_schema_that_was_renamed_and_made_again_beside_it_is_the_organisations() {
    let table = |name: &str| {
        format!(
            "CREATE TABLE acme.{name} (LIKE acme_old.{name} INCLUDING ALL); INSERT INTO acme.{name} SELECT * FROM acme_old.{name}; \
             ALTER TABLE acme.{name} RENAME CONSTRAINT {name}_pkey TO k; ALTER TABLE acme.{name} RENAME CONSTRAINT k TO {name}_pkey;"
        )
    };
    let deed =
        "ALTER SCHEMA acme RENAME TO acme_old; CREATE SCHEMA acme;".to_owned() + &ALIKE.map(table).concat();
    after(&[Dialect::Postgres], alike, &deed, async |bench| {
        bench.event(&add("x", "pear")).await;
        let findings = bench.drift().await.findings;
        let of_ours = |finding: &&hookwright_core::drift::Finding| ALIKE.contains(&finding.table.as_str());
        assert_eq!(told(&findings.iter().filter(of_ours).cloned().collect::<Vec<_>>()), Vec::<String>::new());
        bench.hand(&turned_columns(&["a", "b"])).await;
        let error = bench.refused(&add("y", "pear")).await;
        assert_eq!(error.code, "db/drifted", "{error}");
    });
}
