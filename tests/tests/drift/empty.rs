//! A required column comes back as such at once where no row would be without a value.

use hookwright::outcome::Status;
use hookwright_tests::scenario::Dialect;
use hookwright_tests::world::{TestHost, runtime};
use serde_json::json;

use super::bench::{BOTH, Bench, sync, told};

async fn without_rows(dialect: Dialect) -> Bench {
    let bench = Bench::new(&TestHost::start().await, "acme", dialect).await;
    bench.hand("DELETE FROM invoice; DELETE FROM account").await;
    match dialect {
        Dialect::Postgres => bench.hand("ALTER TABLE account DROP name").await,
        Dialect::Sqlite => bench.hand("ALTER TABLE account DROP COLUMN name").await,
    }
    bench
}

#[test]
fn an_empty_table_has_its_required_column_back_by_one_repair() {
    for dialect in BOTH {
        for scope in [json!({}), json!({"entity": "account", "field": "name"})] {
            runtime().block_on(async {
                let bench = without_rows(dialect).await;
                let mut event = sync();
                event.as_object_mut().unwrap().extend(scope.as_object().unwrap().clone());
                bench.event(&event).await;
                assert_eq!(told(&bench.drift().await.findings), Vec::<String>::new(), "{dialect:?} {scope}");
                bench.world.derives().await.unwrap();
                let missing = "INSERT INTO account (id) VALUES ('00000000-0000-0000-0000-000000000001')";
                bench.world.sql(missing).await.expect_err("a name is required");
            });
        }
    }
}

/// Two columns, one of a table with rows.
#[test]
fn a_table_with_rows_waits_beside_one_without() {
    runtime().block_on(async {
        let bench = without_rows(Dialect::Postgres).await;
        let required = json!({"id": "r", "type": "field.create", "entity": "invoice", "field": {"name": "must", "type": "Int", "nullable": false}});
        bench.event(&required).await;
        bench.hand("ALTER TABLE invoice DROP must; INSERT INTO invoice (id) VALUES ('00000000-0000-0000-0000-000000000001')").await;
        let outcome = bench.send(&sync(), super::bench::ALLOWED).await;
        assert_eq!(outcome.status, Status::Applied, "{:#?}", outcome.reasons);
        let left: Vec<_> = outcome.left.iter().map(|f| (f.entity.as_str(), f.code.as_str())).collect();
        assert_eq!(left, [("invoice", "drift/nullability")]);
        assert_eq!(told(&bench.drift().await.findings), ["drift/nullability invoice.must"]);
    });
}
