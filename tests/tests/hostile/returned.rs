//! New versions of plugins that break at once: the one that worked is bound again, by one host, once; and the change that
//! met the fault is made with it.

use hookwright::api::{OnFault, PluginInfo, PluginOptions};
use hookwright::config::Config;
use hookwright::error::Error;
use hookwright::host::Host;
use hookwright::outcome::{Outcome, Status};
use hookwright_core::event::Change;
use hookwright_core::ident::OrgName;
use hookwright_tests::scenario::Dialect;
use hookwright_tests::world::{TestHost, World, runtime};
use hostile_guests::{REPLY, of_version, touchy_body};

use super::bench::{PLAIN, entity};

const FAULTS: u32 = 3;

/// A host whose organisation has version 1.0.0 of a plugin, which works.
async fn world() -> World {
    let mut config = Config::default();
    config.suspension.return_faults = FAULTS;
    let home = TestHost::with(None, config).await;
    let world = World::add(&home, "acme", Dialect::Sqlite, &["schema-sync".to_owned()]).await;
    install(&world, REPLY, "1.0.0", OnFault::Reject).await;
    send(&world, "first").await.unwrap();
    world
}

async fn install(world: &World, body: &str, version: &str, on_fault: OnFault) {
    let options = PluginOptions { on_fault, ..PluginOptions::default() };
    world.host().plugin_install(world.org(), of_version(body, version), options).await.unwrap();
}

async fn send(world: &World, name: &str) -> Result<Outcome, Error> {
    world.send(&entity(name, name).to_string(), PLAIN).await
}

async fn bound(world: &World) -> PluginInfo {
    let plugins = world.host().plugin_list(world.org()).await.unwrap();
    plugins.into_iter().find(|plugin| plugin.name == "guest").unwrap()
}

/// Meets the faults of a new build but for the last.
async fn all_but_one(world: &World) {
    for number in 1..FAULTS {
        let error = send(world, &format!("refused{number}")).await.unwrap_err();
        assert_eq!(error.code, "plugin/trap");
        assert_eq!(bound(world).await.returned, None);
    }
}

#[test]
fn a_build_that_breaks_at_once_gives_way_to_the_one_before() {
    runtime().block_on(async {
        let world = world().await;
        let good = bound(&world).await.digest;
        install(&world, "unreachable", "2.0.0", OnFault::Reject).await;
        all_but_one(&world).await;
        let outcome = send(&world, "made").await.unwrap();
        assert_eq!(outcome.status, Status::Applied);
        let called = outcome.hooks.iter().find(|hook| hook.plugin == "guest").unwrap();
        assert_eq!(called.digest, good, "made with the version that works");
        let now = bound(&world).await;
        assert_eq!((now.version.as_str(), &now.digest), ("1.0.0", &good));
        let returned = now.returned.unwrap();
        assert_eq!((returned.from_version.as_str(), returned.faults), ("2.0.0", FAULTS));
        assert!(returned.cause.contains("unreachable") && !returned.host.is_empty(), "{returned:?}");
        let drift = world.host().drift(world.org()).await.unwrap();
        assert!(drift.findings.is_empty(), "compared with what the version that works calls for: {drift:?}");
        install(&world, REPLY, "1.0.1", OnFault::Reject).await;
        assert_eq!(bound(&world).await.returned, None, "somebody did something about it");
    });
}

#[test]
fn a_change_is_not_made_without_a_plugin_that_can_be_had_as_it_was() {
    runtime().block_on(async {
        let world = world().await;
        install(&world, "unreachable", "2.0.0", OnFault::Skip).await;
        for number in 1..FAULTS {
            let outcome = send(&world, &format!("without{number}")).await.unwrap();
            assert!(outcome.hooks.iter().any(|hook| hook.skipped.is_some()));
        }
        let outcome = send(&world, "made").await.unwrap();
        assert!(outcome.hooks.iter().all(|hook| hook.skipped.is_none()), "{:?}", outcome.hooks);
        assert_eq!(bound(&world).await.version, "1.0.0");
    });
}

#[test]
fn two_builds_that_break_do_not_take_turns() {
    runtime().block_on(async {
        let world = world().await;
        install(&world, "unreachable", "2.0.0", OnFault::Reject).await;
        install(&world, "nop unreachable", "3.0.0", OnFault::Reject).await;
        all_but_one(&world).await;
        assert_eq!(send(&world, "made").await.unwrap().status, Status::Applied);
        assert_eq!(bound(&world).await.version, "1.0.0", "2.0.0 never worked");
        // What it went back to is not left again, whatever it does.
        install(&world, &touchy_body(), "4.0.0", OnFault::Reject).await;
        send(&world, "fine").await.unwrap();
        install(&world, "unreachable", "5.0.0", OnFault::Reject).await;
        for number in 1..FAULTS {
            send(&world, &format!("evil{number}")).await.unwrap_err();
        }
        let error = send(&world, "evil").await.unwrap_err();
        assert_eq!(error.code, "plugin/trap", "tried again with 4.0.0, which breaks at it too");
        for number in 0..=FAULTS {
            send(&world, &format!("evil-again{number}")).await.unwrap_err();
        }
        assert_eq!(bound(&world).await.version, "4.0.0");
    });
}

#[test]
fn a_build_that_refuses_or_worked_once_stays() {
    runtime().block_on(async {
        let world = world().await;
        install(&world, &touchy_body(), "2.0.0", OnFault::Reject).await;
        send(&world, "fine").await.unwrap();
        for number in 0..FAULTS * 2 {
            send(&world, &format!("evil{number}")).await.unwrap_err();
        }
        assert_eq!(bound(&world).await.version, "2.0.0");
    });
}

#[test]
fn of_two_hosts_one_goes_back_and_the_other_follows() {
    runtime().block_on(async {
        let world = world().await;
        let second = Host::start(world.host().config().clone()).await.unwrap();
        install(&world, "unreachable", "2.0.0", OnFault::Reject).await;
        let (host, org) = (world.host().clone(), world.org().clone());
        // Both meet the last fault at the same time.
        for (number, host) in (1..FAULTS).flat_map(|number| [(number, &host), (number + 100, &second)]) {
            let error = submit(host, &org, &format!("refused{number}")).await.unwrap_err();
            assert_eq!(error.code, "plugin/trap");
        }
        let (one, two) = tokio::join!(submit(&host, &org, "one"), submit(&second, &org, "two"));
        assert_eq!([one.unwrap().status, two.unwrap().status], [Status::Applied; 2]);
        assert_eq!(bound(&world).await.version, "1.0.0");
        assert_eq!(bound(&world).await.returned.unwrap().from_version, "2.0.0");
    });
}

async fn submit(host: &Host, org: &OrgName, name: &str) -> Result<Outcome, Error> {
    let change = Change::parse(entity(name, name).to_string().as_bytes())?;
    host.submit(org, change, hookwright::api::SubmitOptions::default()).await
}
