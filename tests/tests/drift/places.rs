//! Tables that hands put in one another's places: told by the names on them, and put back with their rows.

use hookwright_core::drift::Moved;
use hookwright_tests::scenario::Dialect;
use hookwright_tests::world::{TestHost, runtime};
use serde_json::json;

use super::bench::{BOTH, Bench, sync, told};

/// Two more entities of one shape, with a row each.
pub async fn twins(dialect: Dialect) -> Bench {
    twins_of(Bench::new(&TestHost::start().await, "acme", dialect).await).await
}

pub async fn twins_of(bench: Bench) -> Bench {
    let id = json!({"name": "id", "type": "Uuid", "nullable": false, "primaryKey": true});
    let entity = |event: &str, name: &str| {
        let mail = json!({"name": "mail", "type": "String", "length": 80, "indexed": true});
        let notes = json!({"name": "notes", "type": "Text"});
        json!({"id": event, "type": "entity.create", "entity": {"name": name, "fields": [id, mail, notes]}})
    };
    bench.event(&json!([entity("t-1", "lead"), entity("t-2", "partner")])).await;
    for (table, n) in [("lead", 1), ("partner", 2)] {
        let row = format!(
            "INSERT INTO {table} (id, mail) VALUES ('00000000-0000-0000-0000-00000000000{n}', '{table}@example.org')"
        );
        bench.hand(&row).await;
    }
    bench
}

pub async fn mails(bench: &Bench, table: &str) -> String {
    bench.world.rows(&format!("SELECT mail FROM {table}")).await.expect("rows").concat()
}

const SWAP: &str =
    "ALTER TABLE lead RENAME TO way; ALTER TABLE partner RENAME TO lead; ALTER TABLE way RENAME TO partner";

#[test]
fn two_that_changed_places_are_put_back() {
    for dialect in BOTH {
        for scope in [json!({}), json!({"entity": "lead"})] {
            runtime().block_on(async {
                let bench = twins(dialect).await;
                bench.hand(SWAP).await;
                let findings = bench.drift().await.findings;
                assert_eq!(told(&findings), ["drift/renamed-table lead", "drift/renamed-table partner"]);
                assert!(findings.iter().all(|finding| !finding.adoptable), "{findings:#?}");
                let mut event = sync();
                event.as_object_mut().unwrap().extend(scope.as_object().unwrap().clone());
                bench.event(&event).await;
                assert_eq!(told(&bench.drift().await.findings), Vec::<String>::new());
                for table in ["lead", "partner"] {
                    assert!(mails(&bench, table).await.contains(table), "{dialect:?} {scope}");
                }
                bench.world.derives().await.expect("derived");
            });
        }
    }
}

#[test]
fn one_in_the_place_of_another_goes_back_and_the_other_is_found() {
    for dialect in BOTH {
        runtime().block_on(async {
            let bench = twins(dialect).await;
            bench.hand("ALTER TABLE lead RENAME TO old; ALTER TABLE partner RENAME TO lead").await;
            let findings = told(&bench.drift().await.findings);
            assert_eq!(findings, ["drift/renamed-table lead", "drift/renamed-table partner"]);
            bench.event(&sync()).await;
            assert_eq!(told(&bench.drift().await.findings), Vec::<String>::new());
            for table in ["lead", "partner"] {
                assert!(mails(&bench, table).await.contains(table), "{dialect:?}");
            }
        });
    }
}

#[test]
fn two_of_one_shape_with_other_names_are_told_apart() {
    for dialect in BOTH {
        runtime().block_on(async {
            let bench = twins(dialect).await;
            bench.hand("ALTER TABLE lead RENAME TO one; ALTER TABLE partner RENAME TO two").await;
            let findings = told(&bench.drift().await.findings);
            assert_eq!(findings, ["drift/renamed-table lead", "drift/renamed-table partner"]);
            bench.event(&sync()).await;
            for table in ["lead", "partner"] {
                assert!(mails(&bench, table).await.contains(table), "{dialect:?}");
            }
        });
    }
}

/// Nothing on them has a name, on SQLite.
#[test]
fn two_of_one_shape_are_told_apart_by_what_they_are_called() {
    let id = json!({"name": "id", "type": "Uuid", "nullable": false, "primaryKey": true});
    let entity = |event: &str, name: &str| {
        let mail = json!({"name": "mail", "type": "String", "length": 80});
        json!({"id": event, "type": "entity.create", "entity": {"name": name, "fields": [id, mail, {"name": "notes", "type": "Text"}]}})
    };
    for (one, two) in [("lead_old", "old_partner"), ("Lead", "Partner")] {
        runtime().block_on(async {
            let bench = Bench::new(&TestHost::start().await, "acme", Dialect::Sqlite).await;
            bench.event(&json!([entity("t-1", "lead"), entity("t-2", "partner")])).await;
            for table in ["lead", "partner"] {
                let row = format!("INSERT INTO {table} (id, mail) VALUES ('00000000-0000-0000-0000-000000000001', '{table}')");
                bench.hand(&row).await;
            }
            for (table, name) in [("lead", one), ("partner", two)] {
                bench.hand(&format!("ALTER TABLE {table} RENAME TO way; ALTER TABLE way RENAME TO {name}")).await;
            }
            let findings = told(&bench.drift().await.findings);
            assert_eq!(findings, ["drift/renamed-table lead", "drift/renamed-table partner"]);
            bench.event(&sync()).await;
            assert_eq!((mails(&bench, "lead").await, mails(&bench, "partner").await), ("lead".into(), "partner".into()));
        });
    }
}

/// The record has a name for its key then, which SQLite does not.
#[test]
fn one_that_was_renamed_before_is_known_again() {
    for dialect in BOTH {
        runtime().block_on(async {
            let bench = Bench::new(&TestHost::start().await, "acme", dialect).await;
            let fields = [json!({"name": "id", "type": "Int", "nullable": false, "primaryKey": true}), json!({"name": "mail", "type": "Text"})];
            bench.event(&json!({"id": "t-1", "type": "entity.create", "entity": {"name": "client", "fields": fields}})).await;
            bench.event(&json!({"id": "t-2", "type": "entity.update", "entity": "client", "changes": {"name": "customer"}})).await;
            bench.hand("INSERT INTO customer (id, mail) VALUES (1, 'kept')").await;
            bench.hand("ALTER TABLE customer RENAME TO clients").await;
            assert_eq!(told(&bench.drift().await.findings), ["drift/renamed-table customer"], "{dialect:?}");
            bench.event(&sync()).await;
            assert_eq!(mails(&bench, "customer").await, "kept");
        });
    }
}

/// Both have a dropped column of the same name: each stays what it was of.
#[test]
fn what_two_that_changed_places_keep_is_restored_where_it_was() {
    for dialect in BOTH {
        runtime().block_on(async {
            let bench = twins(dialect).await;
            for table in ["lead", "partner"] {
                bench.hand(&format!("UPDATE {table} SET notes = '{table}'")).await;
                bench.event(&json!({"id": table, "type": "field.delete", "entity": table, "field": "notes", "dropColumn": true})).await;
            }
            bench.hand(SWAP).await;
            bench.event(&sync()).await;
            for table in ["lead", "partner"] {
                let restore = json!({"id": format!("r-{table}"), "type": "field.restore", "entity": table, "field": "notes"});
                bench.event(&restore).await;
                let notes = bench.world.rows(&format!("SELECT notes FROM {table}")).await.expect("rows").concat();
                assert!(notes.contains(table), "{dialect:?}: {notes}");
            }
            assert_eq!(told(&bench.drift().await.findings), Vec::<String>::new());
            bench.world.derives().await.expect("derived");
        });
    }
}

/// What else differs on them is left, and told as what hands did.
#[test]
fn a_repair_of_one_field_of_a_renamed_table_records_nothing_else() {
    for dialect in BOTH {
        for (scope, left) in [(json!({"entity": "lead", "field": "mail"}), 1), (json!({"entity": "lead"}), 0)]
        {
            runtime().block_on(async {
                let bench = twins(dialect).await;
                bench.hand("ALTER TABLE lead RENAME notes TO remarks; ALTER TABLE lead ADD zz int").await;
                bench.hand("ALTER TABLE lead RENAME TO old").await;
                let mut repair = json!({"id": "s-1", "type": "schema.sync"});
                repair.as_object_mut().unwrap().extend(scope.as_object().unwrap().clone());
                bench.event(&repair).await;
                let drift = bench.drift().await;
                let findings: Vec<_> = drift.findings.iter().filter(|f| !f.is_foreign()).collect();
                assert_eq!(findings.len(), left, "{dialect:?} {findings:#?}");
                assert!(
                    findings.iter().all(|f| f.moved == Moved::Hands && f.code() == "drift/renamed-column"),
                    "{findings:#?}"
                );
                bench.event(&json!({"id": "rest", "type": "schema.sync", "extras": true})).await;
                assert_eq!(told(&bench.drift().await.findings), Vec::<String>::new());
                assert!(mails(&bench, "lead").await.contains("lead"));
            });
        }
    }
}

/// What was found of the other one stays to be told.
#[test]
fn of_one_that_goes_along_nothing_else_is_recorded() {
    for dialect in BOTH {
        runtime().block_on(async {
            let bench = twins(dialect).await;
            bench.hand("ALTER TABLE partner RENAME notes TO remarks").await;
            bench.hand(SWAP).await;
            bench.event(&json!({"id": "s-1", "type": "schema.sync", "entity": "lead"})).await;
            let drift = bench.drift().await;
            assert_eq!(told(&drift.findings), ["drift/renamed-column partner.notes"], "{dialect:?}");
            assert_eq!(drift.findings[0].moved, Moved::Hands);
            bench.event(&sync()).await;
            assert_eq!(told(&bench.drift().await.findings), Vec::<String>::new());
            for table in ["lead", "partner"] {
                assert!(mails(&bench, table).await.contains(table), "{dialect:?}");
            }
        });
    }
}

/// Names that differ in case alone, which no field can have, go on for no longer than others.
#[test]
fn columns_whose_names_no_field_can_have_are_compared() {
    runtime().block_on(async {
        let bench = twins(Dialect::Postgres).await;
        bench.hand("ALTER TABLE lead RENAME notes TO \"Notes2\"; ALTER TABLE lead ADD \"NOTES\" int").await;
        let findings = told(&bench.drift().await.findings);
        assert!(findings.iter().any(|finding| finding.ends_with(" lead.notes")), "{findings:?}");
    });
}

#[test]
fn one_that_was_changed_besides_is_found_by_the_names_on_it() {
    for dialect in BOTH {
        runtime().block_on(async {
            let bench = twins(dialect).await;
            bench.hand("ALTER TABLE lead RENAME TO prospect; ALTER TABLE prospect ADD zz int").await;
            let findings = told(&bench.drift().await.findings);
            assert!(findings.contains(&"drift/renamed-table lead".to_owned()), "{findings:?}");
            bench.event(&json!({"id": "sync", "type": "schema.sync", "entity": "lead"})).await;
            assert!(mails(&bench, "lead").await.contains("lead"), "{dialect:?}");
        });
    }
}

#[test]
fn places_are_given_back_for_one_entity_alone() {
    for dialect in BOTH {
        runtime().block_on(async {
            let bench = twins(dialect).await;
            bench.hand("ALTER TABLE lead RENAME TO old; ALTER TABLE partner RENAME TO lead").await;
            bench.event(&json!({"id": "sync", "type": "schema.sync", "entity": "lead"})).await;
            assert!(mails(&bench, "lead").await.contains("lead"), "{dialect:?}");
            bench.event(&json!({"id": "rest", "type": "schema.sync"})).await;
            assert_eq!(told(&bench.drift().await.findings), Vec::<String>::new());
            assert!(mails(&bench, "partner").await.contains("partner"), "{dialect:?}");
        });
    }
}

/// The record has the names of the hands then, and the metadata theirs: the rows are where they were.
#[test]
fn a_rolled_back_repair_or_adoption_leaves_a_name_to_be_given_back() {
    for dialect in BOTH {
        for kind in ["schema.sync", "schema.adopt"] {
            runtime().block_on(async {
                let bench = twins(dialect).await;
                bench.hand("ALTER TABLE lead RENAME mail TO post; ALTER TABLE partner RENAME TO mate").await;
                let done = bench.send(&json!({"id": "done", "type": kind}), super::bench::ALLOWED).await;
                let change = done.change.expect("a change");
                bench.event(&json!({"id": "back", "type": "change.rollback", "change": change})).await;
                let findings = told(&bench.drift().await.findings);
                let renamed = ["drift/renamed-column lead.mail", "drift/renamed-table partner"];
                assert!(
                    renamed.iter().all(|one| findings.contains(&(*one).to_owned())),
                    "{kind}: {findings:?}"
                );
                bench.event(&sync()).await;
                assert_eq!(told(&bench.drift().await.findings), Vec::<String>::new(), "{dialect:?} {kind}");
                for table in ["lead", "partner"] {
                    assert!(mails(&bench, table).await.contains(table), "{dialect:?} {kind}");
                }
            });
        }
    }
}
