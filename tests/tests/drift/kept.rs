//! What is called for is kept from one host to the next, as long as nothing changes that it follows from.

use hookwright::host::Host;
use hookwright_tests::scenario::Dialect;
use hookwright_tests::world::{TestHost, runtime};
use serde_json::json;
use sqlx::{Connection, SqliteConnection};

use super::bench::{BOTH, Bench, told};

/// The findings as a host that begins anew tells them.
async fn anew(bench: &Bench) -> Vec<String> {
    let host = Host::start(bench.world.host().config().clone()).await.unwrap();
    told(&host.drift(bench.world.org()).await.unwrap().findings)
}

/// What is kept is made to call for nothing.
async fn poison(bench: &Bench) {
    let control = &bench.world.host().config().control.database;
    let mut control = SqliteConnection::connect(control.to_str().unwrap()).await.unwrap();
    let poison = "UPDATE derived SET difference = '{\"tables\":{},\"gone\":[\"account\",\"invoice\"]}'";
    assert_eq!(sqlx::query(poison).execute(&mut control).await.unwrap().rows_affected(), 1);
}

#[test]
fn a_host_that_begins_anew_finds_the_same() {
    for dialect in BOTH {
        runtime().block_on(async {
            let bench = Bench::new(&TestHost::start().await, "acme", dialect).await;
            bench
                .event(&json!({"id": "d", "type": "field.delete", "entity": "invoice", "field": "note"}))
                .await;
            bench.world.host().plugin_disable(bench.world.org(), "index-advisor").await.unwrap();
            bench.hand("ALTER TABLE account ADD theirs int").await;
            let found = told(&bench.drift().await.findings);
            assert!(found.len() > 2, "{found:?}");
            assert_eq!(anew(&bench).await, found);
        });
    }
}

#[test]
fn what_is_kept_is_used_until_metadata_or_plugins_change() {
    runtime().block_on(async {
        let bench = Bench::new(&TestHost::start().await, "acme", Dialect::Sqlite).await;
        let (host, org) = (bench.world.host(), bench.world.org());
        assert_eq!(anew(&bench).await, [""; 0]);
        poison(&bench).await;
        assert_eq!(anew(&bench).await, ["drift/extra-table account", "drift/extra-table invoice"]);
        host.plugin_disable(org, "index-advisor").await.unwrap();
        assert!(anew(&bench).await.iter().all(|found| found.starts_with("drift/extra-index")));
        poison(&bench).await;
        let field = json!({"name": "more", "type": "Int"});
        bench.event(&json!({"id": "f", "type": "field.create", "entity": "account", "field": field})).await;
        assert!(anew(&bench).await.iter().all(|found| found.starts_with("drift/extra-index")));
    });
}
