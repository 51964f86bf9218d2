//! What was dropped and kept, and taken away by hand; and tables of entities that were deleted alone.

use hookwright_tests::scenario::{Dialect, Mode};
use hookwright_tests::world::runtime;
use serde_json::json;

use super::bench::{ALLOWED, BOTH, Bench, sync, told};
use super::twins::{mails, twins};

/// The names that match in the database, of tables or of the columns of one.
async fn names(bench: &Bench, table: Option<&str>) -> Vec<String> {
    let (org, like) = (bench.world.org(), "LIKE 'hookwright_dropped%'");
    let sql = match (bench.world.dialect(), table) {
        (Dialect::Postgres, None) => {
            format!(
                "SELECT relname FROM pg_class WHERE relkind = 'r' AND relname {like} AND relnamespace::regnamespace::text = '{org}'"
            )
        }
        (Dialect::Postgres, Some(table)) => {
            format!(
                "SELECT attname FROM pg_attribute WHERE attrelid = '{table}'::regclass AND attname {like} AND NOT attisdropped"
            )
        }
        (Dialect::Sqlite, None) => {
            format!("SELECT name FROM sqlite_master WHERE type = 'table' AND name {like}")
        }
        (Dialect::Sqlite, Some(table)) => {
            format!("SELECT name FROM pragma_table_info('{table}') WHERE name {like}")
        }
    };
    let rows = bench.world.rows(&sql).await.expect("rows").into_iter();
    rows.map(|row| row.trim_matches(|c: char| !c.is_alphanumeric() && c != '_').to_owned()).collect()
}

#[test]
fn what_is_kept_no_more_is_told_and_forgotten() {
    for dialect in BOTH {
        runtime().block_on(async {
            let bench = twins(dialect).await;
            let drops = json!([
                {"id": "d-1", "type": "field.delete", "entity": "lead", "field": "notes", "dropColumn": true},
                {"id": "d-2", "type": "entity.delete", "entity": "partner", "dropTable": true},
            ]);
            bench.event(&drops).await;
            assert_eq!(told(&bench.drift().await.findings), Vec::<String>::new());
            let (column, table) =
                (names(&bench, Some("lead")).await.concat(), names(&bench, None).await.concat());
            bench.hand(&format!("ALTER TABLE lead DROP COLUMN {column}")).await;
            bench.hand(&format!("DROP TABLE {table}")).await;
            let findings = told(&bench.drift().await.findings);
            let lost = [
                format!("drift/missing-kept lead ({column})"),
                format!("drift/missing-kept partner ({table})"),
            ];
            assert_eq!(findings, lost);
            let restore = json!({"id": "r-1", "type": "field.restore", "entity": "lead", "field": "notes"});
            let whole = json!({"id": "r-2", "type": "entity.restore", "entity": "partner"});
            for (restore, named) in
                [(&restore, "the column \"notes\" of \"lead\""), (&whole, "the table \"partner\"")]
            {
                let planned = bench.send(restore, Mode { dry_run: true, ..ALLOWED }).await;
                let error = bench.refused(restore).await;
                assert_eq!(
                    (error.code.as_str(), &error.message),
                    ("drift/missing-kept", &planned.reasons[0].message)
                );
                assert!(error.message.contains(named), "{error}");
                assert!(error.help.starts_with("it cannot come back"), "{}", error.help);
            }
            bench.event(&json!({"id": "s-0", "type": "schema.sync", "entity": "partner"})).await;
            bench.event(&sync()).await;
            assert_eq!(told(&bench.drift().await.findings), Vec::<String>::new());
            for restore in [restore, whole] {
                assert_eq!(bench.refused(&restore).await.code, "metadata/not-found");
            }
            let kept = bench.world.host().tombstones(bench.world.org()).await.expect("tombstones");
            assert!(kept.is_empty(), "{kept:?}");
            bench.world.derives().await.expect("derived");
        });
    }
}

#[test]
fn the_table_of_a_deleted_entity_can_be_adopted_again() {
    for dialect in BOTH {
        runtime().block_on(async {
            let bench = twins(dialect).await;
            bench.event(&json!({"id": "d-1", "type": "entity.delete", "entity": "partner"})).await;
            let drift = bench.drift().await;
            assert_eq!(told(&drift.findings), ["drift/extra-table partner"]);
            assert!(drift.findings[0].adoptable);
            bench.event(&json!({"id": "a-1", "type": "schema.adopt", "entity": "partner"})).await;
            let left: Vec<_> = told(&bench.drift().await.findings);
            assert!(left.iter().all(|finding| !finding.contains("table")), "{left:?}");
            bench.event(&json!({"id": "s-1", "type": "schema.sync"})).await;
            assert_eq!(told(&bench.drift().await.findings), Vec::<String>::new());
            assert!(mails(&bench, "partner").await.contains("partner"));
            bench.world.derives().await.expect("derived");
        });
    }
}
