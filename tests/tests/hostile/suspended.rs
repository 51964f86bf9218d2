//! Plugins that break again and again: suspended, tried, and done without where that is wanted.

use hookwright::api::{OnFault, PluginOptions};
use hookwright::config::Config;
use hookwright::error::Error;
use hookwright::outcome::{Outcome, Status};
use hookwright::suspension::Standing;
use hookwright_tests::scenario::Dialect;
use hookwright_tests::world::{TestHost, World, runtime};
use hostile_guests::touchy;

use super::bench::{PLAIN, entity};

const FAULTS: u32 = 3;

/// An organisation with a plugin that breaks at `evil`, which is suspended for so long after three faults.
async fn world(on_fault: OnFault, wait_ms: u64) -> World {
    let mut config = Config::default();
    config.suspension.faults = FAULTS;
    config.suspension.wait_ms = wait_ms;
    config.suspension.wait_max_ms = wait_ms;
    let home = TestHost::with(None, config).await;
    let world = World::add(&home, "acme", Dialect::Sqlite, &["schema-sync".to_owned()]).await;
    let options = PluginOptions { on_fault, ..PluginOptions::default() };
    world.host().plugin_install(world.org(), touchy(), options).await.unwrap();
    world
}

async fn send(world: &World, name: &str) -> Result<Outcome, Error> {
    world.send(&entity(name, name).to_string(), PLAIN).await
}

/// Has the plugin break as often as it takes.
async fn broken(world: &World) {
    for number in 0..FAULTS {
        let error = send(world, &format!("evil{number}")).await.unwrap_err();
        assert_eq!(error.code, "plugin/trap");
    }
}

async fn standing(world: &World) -> Standing {
    let plugins = world.host().plugin_list(world.org()).await.unwrap();
    plugins.into_iter().find(|plugin| plugin.name == "guest").unwrap().standing.unwrap()
}

#[test]
fn a_plugin_that_breaks_again_and_again_is_suspended() {
    runtime().block_on(async {
        let world = world(OnFault::Reject, 3_600_000).await;
        broken(&world).await;
        let told = standing(&world).await;
        assert_eq!((told.state.as_str(), told.faults), ("suspended", FAULTS));
        assert!(told.cause.unwrap().contains("unreachable"));
        assert!(told.next_try_ms.unwrap() > 3_000_000);
        let error = send(&world, "fine").await.unwrap_err();
        assert_eq!((error.code.as_str(), error.entry.status), ("plugin/suspended", 503));
        assert!(error.retry_after_s() > 3_000, "{error}");
        assert!(error.message.contains("it broke last with: the plugin broke off"), "{error}");
    });
}

#[test]
fn a_refusal_is_no_fault_and_a_call_that_works_begins_anew() {
    runtime().block_on(async {
        let world = world(OnFault::Reject, 3_600_000).await;
        for number in 0..FAULTS * 2 {
            assert_eq!(send(&world, &format!("evil{number}")).await.unwrap_err().code, "plugin/trap");
            assert_eq!(send(&world, &format!("fine{number}")).await.unwrap().status, Status::Applied);
        }
        assert_eq!(standing(&world).await.faults, 0);
    });
}

#[test]
fn a_suspended_plugin_is_tried_and_recovers() {
    runtime().block_on(async {
        let world = world(OnFault::Reject, 1).await;
        broken(&world).await;
        let applied = loop {
            match send(&world, "fine").await {
                Err(error) if error.code == "plugin/suspended" => {}
                other => break other.unwrap(),
            }
        };
        assert_eq!(applied.status, Status::Applied);
        assert_eq!(standing(&world).await.state, "called");
    });
}

#[test]
fn another_build_begins_anew() {
    runtime().block_on(async {
        let world = world(OnFault::Reject, 3_600_000).await;
        broken(&world).await;
        let good = hostile_guests::hook(hostile_guests::REPLY);
        world.host().plugin_install(world.org(), good, PluginOptions::default()).await.unwrap();
        assert_eq!(send(&world, "evil").await.unwrap().status, Status::Applied);
    });
}

#[test]
fn a_change_goes_on_without_a_plugin_that_may_be_skipped() {
    runtime().block_on(async {
        let world = world(OnFault::Skip, 3_600_000).await;
        for number in 0..=FAULTS {
            let outcome = send(&world, &format!("evil{number}")).await.unwrap();
            assert_eq!(outcome.status, Status::Applied);
            let skipped = outcome.hooks.iter().find(|hook| hook.plugin == "guest").unwrap();
            let why = if number < FAULTS { "unreachable" } else { "is suspended" };
            assert!(skipped.skipped.as_ref().unwrap().contains(why), "{skipped:?}");
        }
        // The whole schema is not worked out without it: what it calls for would seem to be too much.
        assert_eq!(world.host().drift(world.org()).await.unwrap_err().code, "plugin/suspended");
    });
}
