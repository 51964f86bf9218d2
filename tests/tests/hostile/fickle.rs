//! Plugins that answer the same call in two ways: found by running calls again, told of the plugin, and of no consequence
//! for the change.

use std::time::Duration;

use hookwright::api::{PluginInfo, PluginOptions};
use hookwright::config::Config;
use hookwright::outcome::Status;
use hookwright_tests::scenario::Dialect;
use hookwright_tests::world::{TestHost, World, runtime};
use hostile_guests::fickle;

use super::bench::{PLAIN, entity};

/// How long it is looked for what a second run found: it comes after the answer.
const PATIENCE: Duration = Duration::from_secs(30);

async fn world(enabled: bool) -> World {
    let mut config = Config::default();
    config.determinism.enabled = enabled;
    config.determinism.one_in = 1;
    // A debug build asks slowly, and a machine that is busy even more so.
    config.sandbox.deadline_ms = 5_000;
    let home = TestHost::with(None, config).await;
    let world = World::add(&home, "acme", Dialect::Sqlite, &["schema-sync".to_owned()]).await;
    let options = PluginOptions { grants: Some(vec!["set-comment".to_owned()]), ..PluginOptions::default() };
    world.host().plugin_install(world.org(), fickle(), options).await.unwrap();
    let outcome = world.send(&entity("clock", "clock").to_string(), PLAIN).await.unwrap();
    assert_eq!(outcome.status, Status::Applied);
    world
}

async fn plugins(world: &World) -> Vec<PluginInfo> {
    world.host().plugin_list(world.org()).await.unwrap()
}

#[test]
fn a_plugin_that_answers_in_two_ways_is_told_and_the_change_is_what_it_was() {
    runtime().block_on(async {
        let world = world(true).await;
        let until = std::time::Instant::now() + PATIENCE;
        let found = loop {
            let found = plugins(&world)
                .await
                .into_iter()
                .find_map(|plugin| plugin.differences.map(|d| (plugin.name, d)));
            match found {
                Some(found) => break found,
                None => assert!(std::time::Instant::now() < until, "nothing is found"),
            }
            tokio::task::yield_now().await;
        };
        assert_eq!((found.0.as_str(), found.1.hook.as_str(), found.1.count), ("guest", "entity.after", 1));
        let model = world.host().inspect(world.org()).await.unwrap().0;
        let table = model.tables.values().find(|table| table.name.as_str() == "clock").unwrap();
        assert_eq!(table.comment.as_ref().map(String::len), Some(4), "what the first answer asked for");
        let outcomes = world.host().plugin_list(world.org()).await.unwrap();
        let steady = outcomes.iter().find(|plugin| plugin.name == "schema-sync").unwrap();
        assert_eq!(steady.differences, None, "the same answer each time");
        let quotas = world.host().quotas(world.org()).await.unwrap();
        assert!(quotas.guest_ms.used > 0);
    });
}

#[test]
fn nothing_is_run_again_where_that_is_switched_off() {
    runtime().block_on(async {
        let world = world(false).await;
        for number in 0..5 {
            let name = format!("other{number}");
            world.send(&entity(&name, &name).to_string(), PLAIN).await.unwrap();
        }
        assert!(plugins(&world).await.iter().all(|plugin| plugin.differences.is_none()));
    });
}
