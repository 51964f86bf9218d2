//! What PostgreSQL numbered is known again, whatever hands call it and whatever else they do to it.

use hookwright_core::drift::Scope;
use hookwright_core::ident::Ident;
use hookwright_tests::scenario::Dialect;
use hookwright_tests::world::TestHost;
use serde_json::{Value as Json, json};

use super::bench::{ALLOWED, Bench, sync, told};
use super::twins::{after, in_step};

/// Of one shape, with columns of one type, and nothing on them that has a name but their keys.
const ALIKE: [&str; 3] = ["pear", "plum", "quince"];
const COLUMNS: [&str; 3] = ["a", "b", "c"];

fn create(entity: &str) -> Json {
    let id = json!({"name": "id", "type": "Int", "nullable": false, "primaryKey": true});
    let kind = json!({"name": "kind", "type": "Enum", "values": ["old", "new"]});
    let text = |name: &&str| json!({"name": name, "type": "String", "length": 40});
    let fields: Vec<_> = [id, kind].into_iter().chain(COLUMNS.iter().map(text)).collect();
    json!({"id": entity, "type": "entity.create", "entity": {"name": entity, "fields": fields}})
}

/// Three entities, each with a row whose texts say where they are.
async fn alike(dialect: Dialect) -> Bench {
    let bench = Bench::new(&TestHost::start().await, "acme", dialect).await;
    for table in ALIKE {
        bench.event(&create(table)).await;
        let texts = COLUMNS.map(|column| format!("'{table}.{column}'")).join(", ");
        bench.hand(&format!("INSERT INTO {table} (id, kind, a, b, c) VALUES (1, 'old', {texts})")).await;
    }
    bench
}

/// Whether each text is where it says.
async fn rows_are_in_place(bench: &Bench) {
    for table in ALIKE {
        let row =
            bench.world.rows(&format!("SELECT id, kind, a, b, c FROM {table}")).await.expect("read").concat();
        for column in COLUMNS {
            assert!(row.contains(&format!("{table}.{column}")), "{table}.{column}: {row}");
        }
        let place = |column: &&str| row.find(&format!(".{column}"));
        assert!(COLUMNS.iter().map(place).is_sorted(), "{row}");
    }
}

/// Drift is told, a sync mends it with the rows where they were, and nothing is left.
async fn mended(bench: &Bench, findings: &[&str]) {
    assert_eq!(told(&bench.drift().await.findings), findings);
    let number = bench.changes().await;
    bench.event(&json!({"id": format!("sync {number}"), "type": "schema.sync"})).await;
    rows_are_in_place(bench).await;
    in_step(bench).await;
}

fn add(id: &str, entity: &str) -> Json {
    json!({"id": id, "type": "field.create", "entity": entity, "field": {"name": id, "type": "Int"}})
}

/// Gives each the name of the one before it, and the first that of the last.
fn turned(names: &[&str], rename: impl Fn(&str, &str) -> String) -> String {
    let steps: String = names.windows(2).map(|pair| rename(pair[1], pair[0])).collect();
    rename(names[0], "way") + &steps + &rename("way", names[names.len() - 1])
}

fn turned_columns(names: &[&str]) -> String {
    turned(names, |from, to| format!("ALTER TABLE pear RENAME COLUMN {from} TO {to};"))
}

fn turned_tables(names: &[&str]) -> String {
    turned(names, |from, to| format!("ALTER TABLE {from} RENAME TO {to};"))
}

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
