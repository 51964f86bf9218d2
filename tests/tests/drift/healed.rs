//! What a serving host repairs by itself, and what it knows when it begins again.

use hookwright::api::{OrgOptions, PluginOptions};
use hookwright::drift_watch::Round;
use hookwright_tests::org::{config, name, start, submit};
use hookwright_tests::place::Place;
use hookwright_tests::plugin_path;
use hookwright_tests::world::{TestHost, runtime};
use tempfile::TempDir;

use super::bench::{BOTH, Bench, events, told};
use super::hands::named;

#[test]
fn dev_loosens_around_the_rows_and_drops_nothing() {
    let insert = "INSERT INTO invoice (id, no) VALUES ('00000000-0000-0000-0000-000000000077', 77)";
    for dialect in BOTH {
        runtime().block_on(async {
            let home = TestHost::with_policy(Some("mode = \"dev\"")).await;
            let bench = Bench::new(&home, "acme", dialect).await;
            let before = bench.rows().await.unwrap();
            bench.done(named("required now")).await;
            bench.hand("ALTER TABLE account ADD COLUMN extra text; UPDATE account SET extra = name").await;
            bench.done(named("a unique constraint gone")).await;
            let left = ["drift/extra-column account.extra", "drift/missing-unique invoice.no"];
            let found = [left[0], left[1], "drift/nullability invoice.note"];
            assert_eq!(told(&bench.drift().await.findings), found, "{dialect:?}: looking heals nothing");
            bench.world.sql(insert).await.expect_err("a note is required");
            bench.world.host().drift_watch().round(true).await;
            assert_eq!(told(&bench.drift().await.findings), left, "{dialect:?}");
            assert_eq!(bench.rows().await.unwrap(), before, "{dialect:?}");
            let kept = bench.world.rows("SELECT count(*) FROM account WHERE extra = name").await;
            assert_eq!(kept.unwrap(), ["5"], "{dialect:?}");
            bench.hand(insert).await;
        });
    }
}

#[test]
fn a_host_that_begins_again_finds_what_it_left() {
    for dialect in BOTH {
        runtime().block_on(async {
            let (directory, place, org) =
                (TempDir::new().unwrap(), Place::create(dialect).await, name("acme"));
            let host = start(config(directory.path())).await;
            let options = OrgOptions { default_plugins: true, ..OrgOptions::default() };
            host.org_add(&org, &place.url(), options).await.unwrap();
            let component = std::fs::read(plugin_path("index-advisor")).unwrap();
            host.plugin_install(&org, component, PluginOptions::default()).await.unwrap();
            submit(&host, &org, &events()).await.unwrap();
            drop(host);
            let again = start(config(directory.path())).await;
            let found = again.drift(&org).await.unwrap().findings;
            assert!(found.is_empty(), "{dialect:?}: {:?}", told(&found));
            let round = again.drift_watch().round(true).await;
            assert_eq!(round, Round { organisations: 1, compared: 1, failed: 0 });
        });
    }
}
