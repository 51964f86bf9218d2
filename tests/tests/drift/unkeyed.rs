//! SQLite: a table that others refer to, made anew by hand without the key that they refer to.

use hookwright_tests::scenario::Dialect;
use hookwright_tests::world::{TestHost, runtime};
use serde_json::json;

use super::bench::{Bench, sync, told};

/// As SQLite people copy tables: types, keys and checks are gone.
const COPIED: &str = "PRAGMA foreign_keys = OFF; CREATE TABLE n AS SELECT * FROM account; DROP TABLE account; \
    ALTER TABLE n RENAME TO account; PRAGMA foreign_keys = ON";

async fn copied() -> Bench {
    let bench = Bench::new(&TestHost::start().await, "acme", Dialect::Sqlite).await;
    bench.hand(COPIED).await;
    bench
}

#[test]
fn it_is_repaired_with_its_rows() {
    runtime().block_on(async {
        let bench = copied().await;
        let rows = bench.rows().await.expect("rows");
        let findings = told(&bench.drift().await.findings);
        assert!(findings.contains(&"drift/missing-primary-key account".to_owned()), "{findings:?}");
        bench.event(&sync()).await;
        assert_eq!(told(&bench.drift().await.findings), Vec::<String>::new());
        assert_eq!(bench.rows().await.expect("rows"), rows);
    });
}

/// What has nothing to do with it goes on, and what refers to it, too.
#[test]
fn other_changes_go_on_beside_it() {
    runtime().block_on(async {
        let bench = copied().await;
        for field in ["note", "tag"] {
            let id = format!("e-{field}");
            bench
                .event(&json!({"id": id, "type": "field.update", "entity": "invoice", "field": field,
                    "changes": {"type": "String", "length": 40}}))
                .await;
        }
        let findings = told(&bench.drift().await.findings);
        assert!(findings.iter().all(|told| told.contains(" account")), "{findings:?}");
    });
}
