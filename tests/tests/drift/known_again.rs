//! Tables with other names: known again by what they are called and what was recorded, with what is kept on them; and of
//! what is not in a scope nothing is recorded.

use hookwright_core::drift::Moved;
use hookwright_tests::scenario::Dialect;
use serde_json::{Value as Json, json};

use super::bench::{Bench, sync, told};
use super::twins::{SWAP, TWINS, after, each, have_their_rows, in_step, mails, twins};

fn create(entity: &str) -> Json {
    let id = json!({"name": "id", "type": "Uuid", "nullable": false, "primaryKey": true});
    let mail = json!({"name": "mail", "type": "String", "length": 80});
    let notes = json!({"name": "notes", "type": "Text"});
    json!({"id": entity, "type": "entity.create", "entity": {"name": entity, "fields": [id, mail, notes]}})
}

/// Two of one shape, with a row each, and nothing on them that has a name on SQLite.
async fn bare(dialect: Dialect) -> Bench {
    let bench = Bench::new(&hookwright_tests::world::TestHost::start().await, "acme", dialect).await;
    for table in TWINS {
        bench.event(&create(table)).await;
        let row = format!(
            "INSERT INTO {table} (id, mail) VALUES ('00000000-0000-0000-0000-000000000001', '{table}')"
        );
        bench.hand(&row).await;
    }
    bench
}

#[test]
fn two_of_one_shape_are_told_apart_by_what_they_are_called() {
    for (one, two) in [("lead_old", "old_partner"), ("Lead", "Partner")] {
        let rename = |table: &str, name: &str| {
            format!("ALTER TABLE {table} RENAME TO way; ALTER TABLE way RENAME TO {name};")
        };
        let deed = rename("lead", one) + &rename("partner", two);
        after(&[Dialect::Sqlite], bare, &deed, async |bench| {
            let findings = told(&bench.drift().await.findings);
            assert_eq!(findings, ["drift/renamed-table lead", "drift/renamed-table partner"]);
            bench.event(&sync()).await;
            have_their_rows(bench).await;
        });
    }
}

/// The name of one is the beginning of the other's.
#[test]
fn the_longer_name_says_which_it_was() {
    let deeds = [
        "ALTER TABLE lead RENAME TO lead_old; ALTER TABLE lead2 RENAME TO lead2_old",
        "ALTER TABLE lead RENAME TO x; ALTER TABLE x RENAME TO LEAD; ALTER TABLE lead2 RENAME TO y; ALTER TABLE y RENAME TO LEAD2",
    ];
    let two = async |dialect| {
        let bench = bare(dialect).await;
        bench.event(&create("lead2")).await;
        let row = "INSERT INTO lead2 (id, mail) VALUES ('00000000-0000-0000-0000-000000000002', 'lead2')";
        bench.hand(row).await;
        bench
    };
    for deed in deeds {
        after(&[Dialect::Sqlite], two, deed, async |bench| {
            bench.event(&sync()).await;
            assert!(mails(bench, "lead2").await.contains("lead2"));
            assert!(!mails(bench, "lead").await.contains("lead2"));
            have_their_rows(bench).await;
            in_step(bench).await;
        });
    }
}

/// Each is as much like the one as like the other: the names of their keys tell.
#[test]
fn small_tables_that_were_changed_besides_are_known_by_their_keys() {
    let small = async |dialect| {
        let bench = Bench::new(&hookwright_tests::world::TestHost::start().await, "acme", dialect).await;
        for table in TWINS {
            let id = json!({"name": "id", "type": "Int", "nullable": false, "primaryKey": true});
            let fields = [id, json!({"name": "mail", "type": "Text"})];
            bench.event(&json!({"id": table, "type": "entity.create", "entity": {"name": table, "fields": fields}})).await;
            bench.hand(&format!("INSERT INTO {table} (id, mail) VALUES (1, '{table}')")).await;
        }
        bench
    };
    let deeds = [
        &format!("{SWAP}; ALTER TABLE lead RENAME mail TO post"),
        &format!(
            "{SWAP}; ALTER TABLE lead RENAME mail TO post; ALTER TABLE partner ALTER mail TYPE varchar(99)"
        ),
        "ALTER TABLE lead RENAME TO label; ALTER TABLE label RENAME mail TO caption",
    ];
    for deed in deeds {
        after(&[Dialect::Postgres], small, deed, async |bench| {
            let findings = told(&bench.drift().await.findings);
            assert!(findings.contains(&"drift/renamed-table lead".to_owned()), "{findings:?}");
            bench.event(&sync()).await;
            have_their_rows(bench).await;
            in_step(bench).await;
        });
    }
}

/// The record has a name for its key then, which SQLite does not.
#[test]
fn one_that_was_renamed_before_is_known_again() {
    let renamed = async |dialect| {
        let bench = bare(dialect).await;
        let rename =
            json!({"id": "r", "type": "entity.update", "entity": "lead", "changes": {"name": "customer"}});
        bench.event(&rename).await;
        bench
    };
    for dialect in super::bench::BOTH {
        after(&[dialect], renamed, "ALTER TABLE customer RENAME TO clients", async |bench| {
            assert_eq!(told(&bench.drift().await.findings), ["drift/renamed-table customer"]);
            bench.event(&sync()).await;
            assert!(mails(bench, "customer").await.contains("lead"));
        });
    }
}

/// Both have a dropped column of the same name: each stays what it was of.
#[test]
fn what_two_that_changed_places_keep_is_restored_where_it_was() {
    let kept = async |dialect| {
        let bench = twins(dialect).await;
        for table in TWINS {
            bench.hand(&format!("UPDATE {table} SET notes = '{table}'")).await;
            let drop = json!({"id": table, "type": "field.delete", "entity": table, "field": "notes", "dropColumn": true});
            bench.event(&drop).await;
        }
        bench
    };
    after(&super::bench::BOTH, kept, SWAP, async |bench| {
        bench.event(&sync()).await;
        for table in TWINS {
            let id = format!("restore {table}");
            bench.event(&json!({"id": id, "type": "field.restore", "entity": table, "field": "notes"})).await;
            let notes = bench.world.rows(&format!("SELECT notes FROM {table}")).await.expect("rows").concat();
            assert!(notes.contains(table), "{notes}");
        }
        in_step(bench).await;
    });
}

/// What else differs on it is left, and told as what hands did.
#[test]
fn a_repair_of_one_field_of_a_renamed_table_records_nothing_else() {
    let deed = "ALTER TABLE lead RENAME notes TO remarks; ALTER TABLE lead ADD zz int; ALTER TABLE lead RENAME TO old";
    for (scope, left) in [(json!({"entity": "lead", "field": "mail"}), 1), (json!({"entity": "lead"}), 0)] {
        each(deed, async |bench| {
            let mut repair = json!({"id": "s-1", "type": "schema.sync"});
            repair.as_object_mut().unwrap().extend(scope.as_object().unwrap().clone());
            bench.event(&repair).await;
            let drift = bench.drift().await;
            let findings: Vec<_> = drift.findings.iter().filter(|f| !f.is_foreign()).collect();
            assert_eq!(findings.len(), left, "{findings:#?}");
            let is_told = |f: &&hookwright_core::drift::Finding| {
                f.moved == Moved::Hands && f.code() == "drift/renamed-column"
            };
            assert!(findings.iter().all(is_told), "{findings:#?}");
            bench.event(&json!({"id": "rest", "type": "schema.sync", "extras": true})).await;
            in_step(bench).await;
            have_their_rows(bench).await;
        });
    }
}

/// What was found of the other one stays to be told.
#[test]
fn of_one_that_goes_along_nothing_else_is_recorded() {
    each(&format!("ALTER TABLE partner RENAME notes TO remarks; {SWAP}"), async |bench| {
        bench.event(&json!({"id": "s-1", "type": "schema.sync", "entity": "lead"})).await;
        let drift = bench.drift().await;
        assert_eq!(told(&drift.findings), ["drift/renamed-column partner.notes"]);
        assert_eq!(drift.findings[0].moved, Moved::Hands);
        bench.event(&sync()).await;
        in_step(bench).await;
        have_their_rows(bench).await;
    });
}
