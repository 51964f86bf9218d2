//! A table that is lost, beside two of nobody that look just like it: none is guessed, and no empty one is made unasked.

use hookwright::outcome::Status;
use hookwright_tests::scenario::{Dialect, Mode};
use hookwright_tests::world::{TestHost, runtime};
use serde_json::json;

use super::bench::{ALLOWED, BOTH, Bench, sync, told};

const UNASKED: Mode = Mode { confirm: false, allow_destructive: false, ..ALLOWED };

/// The entity's table is gone; what somebody made has its columns, and each a row.
async fn lost(dialect: Dialect) -> Bench {
    let bench = Bench::new(&TestHost::start().await, "acme", dialect).await;
    let id = json!({"name": "id", "type": "Uuid", "nullable": false, "primaryKey": true});
    let fields = [id, json!({"name": "a", "type": "Text"})];
    bench
        .event(&json!({"id": "p", "type": "entity.create", "entity": {"name": "pear", "fields": fields}}))
        .await;
    let id = match dialect {
        Dialect::Postgres => "id uuid",
        Dialect::Sqlite => "id TEXT NOT NULL CHECK (length(\"id\") = 36)",
    };
    bench.hand("DROP TABLE pear").await;
    for name in ["one", "two"] {
        bench.hand(&format!("CREATE TABLE {name} ({id}, a TEXT, PRIMARY KEY (id)); INSERT INTO {name} VALUES ('00000000-0000-0000-0000-000000000001', '{name}')")).await;
    }
    bench
}

#[test]
fn they_are_named_and_nothing_is_made_unasked() {
    for dialect in BOTH {
        runtime().block_on(async {
            let bench = lost(dialect).await;
            bench.hand("DROP INDEX invoice_tag_idx").await;
            let findings = bench.drift().await.findings;
            let finding = findings.iter().find(|f| f.code() == "drift/missing-table").expect("told");
            let told_as = bench.told(finding);
            assert!(told_as.message.contains("\"one\" and \"two\" look just like it"), "{told_as:?}");
            let outcome = bench.send(&sync(), UNASKED).await;
            assert_eq!((outcome.status, outcome.left.len()), (Status::Applied, 1), "{outcome:#?}");
            assert!(bench.world.rows("SELECT a FROM pear").await.is_err());
            let (_, statements) = told_as.repair.split_once(": ").expect("statements");
            bench.paste(statements.split("; ").next().unwrap_or_default()).await;
            bench.event(&json!({"id": "rest", "type": "schema.sync"})).await;
            assert_eq!(told(&bench.drift().await.findings), Vec::<String>::new());
            assert!(bench.world.rows("SELECT a FROM pear").await.expect("rows").concat().contains("one"));
        });
    }
}

#[test]
fn an_empty_one_is_made_if_somebody_confirms_it() {
    for dialect in BOTH {
        runtime().block_on(async {
            let bench = lost(dialect).await;
            let table = |id: &str| json!({"id": id, "type": "schema.sync", "entity": "pear"});
            let outcome = bench.send(&table("unasked"), UNASKED).await;
            assert_eq!(outcome.status, Status::Rejected, "{outcome:#?}");
            assert!(outcome.reasons[0].help.contains("--entity pear --confirm"), "{outcome:#?}");
            bench.event(&table("confirmed")).await;
            assert_eq!(told(&bench.drift().await.findings), Vec::<String>::new());
            assert!(bench.world.rows("SELECT a FROM pear").await.expect("rows").is_empty());
        });
    }
}
