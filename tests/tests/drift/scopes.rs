//! How far a repair or an adoption goes: what hangs together moves together, nothing else is touched, and nothing else is
//! taken for recorded.

use hookwright_core::drift::Finding;
use hookwright_tests::scenario::Dialect;
use hookwright_tests::world::{TestHost, runtime};
use serde_json::{Value as Json, json};

use super::bench::{ALLOWED, BOTH, Bench, sync, told};
use super::hands::named;
use super::places::{mails, twins, twins_of};

const SWAP: &str =
    "ALTER TABLE lead RENAME TO way; ALTER TABLE partner RENAME TO lead; ALTER TABLE way RENAME TO partner";

/// An entity with texts that cannot be told apart by anything but their places, and a row.
async fn texts(dialect: Dialect) -> Bench {
    let bench = Bench::new(&TestHost::start().await, "acme", dialect).await;
    let fields: Vec<_> =
        ["a", "b", "c"].map(|name| json!({"name": name, "type": "String", "length": 80})).to_vec();
    let id = json!({"name": "id", "type": "Int", "nullable": false, "primaryKey": true});
    let fields: Vec<_> = std::iter::once(id).chain(fields).collect();
    bench
        .event(&json!({"id": "t-1", "type": "entity.create", "entity": {"name": "word", "fields": fields}}))
        .await;
    bench.hand("INSERT INTO word (id, a, b, c) VALUES (1, '7', 'b', 'c')").await;
    bench
}

/// The event of the repair that is printed for a finding.
fn printed(bench: &Bench, finding: &Finding, id: &str) -> Json {
    let told = bench.told(finding).repair;
    let words: Vec<_> = told.split(' ').collect();
    let of = |flag: &str| words.iter().position(|word| *word == flag).map(|at| words[at + 1]);
    json!({"id": id, "type": "schema.sync", "entity": of("--entity"), "field": of("--field")})
}

async fn in_step(bench: &Bench) {
    assert_eq!(told(&bench.drift().await.findings), Vec::<String>::new());
    bench.world.derives().await.expect("derived");
}

async fn word(bench: &Bench) -> String {
    bench.world.rows("SELECT a, b, c FROM word").await.expect("rows").concat()
}

/// Whichever end of a chain or circle is repaired first.
#[test]
fn each_printed_repair_of_columns_in_turn_gives_all_their_values_back() {
    let deeds = [
        "ALTER TABLE word RENAME c TO d; ALTER TABLE word RENAME b TO c; ALTER TABLE word RENAME a TO b",
        "ALTER TABLE word RENAME a TO d; ALTER TABLE word RENAME b TO a",
        "ALTER TABLE word RENAME c TO d; ALTER TABLE word RENAME b TO c",
    ];
    for dialect in BOTH {
        for deed in deeds {
            runtime().block_on(async {
                let bench = texts(dialect).await;
                let before = word(&bench).await;
                bench.hand(deed).await;
                let count = bench.drift().await.findings.len();
                for first in 0..count {
                    let finding = bench.drift().await.findings[first].clone();
                    bench.event(&printed(&bench, &finding, &format!("s-{first}"))).await;
                    in_step(&bench).await;
                    assert_eq!(word(&bench).await, before, "{dialect:?} {deed} {first}");
                    bench.hand(deed).await;
                }
            });
        }
    }
}

#[test]
fn tables_in_turn_come_back_from_either_end() {
    for dialect in BOTH {
        for entity in ["lead", "partner"] {
            runtime().block_on(async {
                let bench = twins(dialect).await;
                bench.hand("ALTER TABLE lead RENAME TO old; ALTER TABLE partner RENAME TO lead").await;
                bench.event(&json!({"id": "s-1", "type": "schema.sync", "entity": entity})).await;
                bench.send(&json!({"id": "s-2", "type": "schema.sync"}), ALLOWED).await;
                in_step(&bench).await;
                for table in ["lead", "partner"] {
                    assert!(mails(&bench, table).await.contains(table), "{dialect:?} {entity}");
                }
            });
        }
    }
}

/// PostgreSQL has what was converted at the end of the table, whatever the order of the fields.
#[test]
fn a_column_that_was_made_anew_misleads_nobody() {
    for dialect in BOTH {
        runtime().block_on(async {
            let bench = texts(dialect).await;
            let shorter = json!({"id": "f-1", "type": "field.update", "entity": "word", "field": "a",
                "changes": {"type": "Int"}});
            bench.event(&shorter).await;
            let back = json!({"id": "f-2", "type": "field.update", "entity": "word", "field": "a", "changes": {"type": "String", "length": 80}});
            bench.event(&back).await;
            in_step(&bench).await;
            let before = word(&bench).await;
            bench.hand("ALTER TABLE word RENAME c TO d").await;
            assert_eq!(told(&bench.drift().await.findings), ["drift/renamed-column word.c"]);
            bench.event(&sync()).await;
            in_step(&bench).await;
            assert_eq!(word(&bench).await, before);
        });
    }
}

#[test]
fn columns_in_turn_are_found_where_another_was_changed_besides() {
    for dialect in BOTH {
        runtime().block_on(async {
            let bench = texts(dialect).await;
            let before = word(&bench).await;
            bench.hand("ALTER TABLE word RENAME b TO b2; ALTER TABLE word RENAME c TO b").await;
            match dialect {
                Dialect::Postgres => bench.hand("ALTER TABLE word ALTER a TYPE varchar(90)").await,
                Dialect::Sqlite => {
                    bench
                        .remake("word", &[("CHECK (length(\"a\") <= 80)", "CHECK (length(\"a\") <= 90)")])
                        .await;
                }
            }
            bench.event(&sync()).await;
            in_step(&bench).await;
            assert_eq!(word(&bench).await, before, "{dialect:?}");
        });
    }
}

#[test]
fn a_scope_may_name_what_hands_called_it() {
    for dialect in BOTH {
        runtime().block_on(async {
            let bench = twins(dialect).await;
            bench.hand("ALTER TABLE lead RENAME mail TO post; ALTER TABLE partner RENAME TO mate").await;
            bench
                .event(&json!({"id": "s-1", "type": "schema.sync", "entity": "lead", "field": "post"}))
                .await;
            bench.event(&json!({"id": "s-2", "type": "schema.sync", "entity": "mate", "extras": true})).await;
            in_step(&bench).await;
            for table in ["lead", "partner"] {
                assert!(mails(&bench, table).await.contains(table), "{dialect:?}");
            }
        });
    }
}

#[test]
fn an_adoption_beside_tables_in_one_anothers_places_is_refused() {
    for dialect in BOTH {
        runtime().block_on(async {
            let bench = twins(dialect).await;
            bench.hand(SWAP).await;
            bench.hand("ALTER TABLE account ADD x int").await;
            let error = bench.refused(&json!({"id": "a-1", "type": "schema.adopt", "extras": true})).await;
            assert_eq!(error.code, "drift/not-adopted", "{error}");
            assert!(error.help.contains("hookwright sync"), "{error}: {}", error.help);
            bench.event(&json!({"id": "a-2", "type": "schema.adopt", "entity": "account"})).await;
            bench.event(&sync()).await;
            in_step(&bench).await;
            for table in ["lead", "partner"] {
                assert!(mails(&bench, table).await.contains(table), "{dialect:?}");
            }
        });
    }
}

#[test]
fn a_repair_elsewhere_forgets_nothing_that_was_kept() {
    for dialect in BOTH {
        runtime().block_on(async {
            let bench = twins(dialect).await;
            bench
                .event(&json!({"id": "d-1", "type": "entity.delete", "entity": "partner", "dropTable": true}))
                .await;
            let kept = bench.world.host().tombstones(bench.world.org()).await.expect("tombstones");
            let kept = kept[0].kept.clone();
            bench.hand(&format!("DROP TABLE {kept}; ALTER TABLE lead RENAME mail TO post")).await;
            bench.event(&json!({"id": "s-1", "type": "schema.sync", "entity": "lead"})).await;
            let findings = told(&bench.drift().await.findings);
            assert_eq!(findings, [format!("drift/missing-kept partner ({kept})")]);
            bench.event(&json!({"id": "s-2", "type": "schema.sync"})).await;
            in_step(&bench).await;
            let kept = bench.world.host().tombstones(bench.world.org()).await.expect("tombstones");
            assert!(kept.is_empty(), "{kept:?}");
        });
    }
}

/// What a host loosens by itself is all that it records.
#[test]
fn loosening_touches_and_records_nothing_else() {
    for dialect in BOTH {
        runtime().block_on(async {
            let home = TestHost::with_policy(Some("mode = \"dev\"")).await;
            let bench = twins_of(Bench::new(&home, "acme", dialect).await).await;
            bench.hand(SWAP).await;
            bench.done(named("required now")).await;
            bench.hand("ALTER TABLE invoice ADD COLUMN mine int").await;
            bench.world.host().drift_watch().round(true).await;
            let findings = told(&bench.drift().await.findings);
            let left = [
                "drift/extra-column invoice.mine",
                "drift/renamed-table lead",
                "drift/renamed-table partner",
            ];
            assert_eq!(findings, left, "{dialect:?}");
            bench.event(&sync()).await;
            for table in ["lead", "partner"] {
                assert!(mails(&bench, table).await.contains(table), "{dialect:?}");
            }
        });
    }
}

/// Rows of what was deleted are none of what is made since.
#[test]
fn what_was_deleted_does_not_become_what_is_made_since() {
    for dialect in BOTH {
        runtime().block_on(async {
            let bench = texts(dialect).await;
            let (host, org) = (bench.world.host(), bench.world.org());
            host.plugin_disable(org, "schema-sync").await.expect("disabled");
            let field = json!({"name": "label", "type": "String", "length": 80});
            bench
                .event(&json!([
                    {"id": "d-1", "type": "field.delete", "entity": "word", "field": "c"},
                    {"id": "d-2", "type": "field.create", "entity": "word", "field": field},
                ]))
                .await;
            host.plugin_enable(org, "schema-sync").await.expect("enabled");
            let findings = told(&bench.drift().await.findings);
            assert!(findings.contains(&"drift/missing-column word.label".to_owned()), "{findings:?}");
            assert!(findings.iter().all(|finding| !finding.contains("renamed")), "{findings:?}");
        });
    }
}

/// A lookalike of somebody's is not taken for a table that was dropped.
#[test]
fn a_lookalike_of_somebodys_is_left_alone() {
    runtime().block_on(async {
        let bench = twins(Dialect::Postgres).await;
        bench.hand("CREATE TABLE copy AS SELECT * FROM lead; DROP TABLE lead").await;
        let findings = told(&bench.drift().await.findings);
        assert_eq!(findings, ["drift/missing-table lead"]);
        bench.event(&sync()).await;
        in_step(&bench).await;
        assert!(mails(&bench, "copy").await.contains("lead"));
    });
}
