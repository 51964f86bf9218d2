//! One organisation's database is dead, silent, or in use to the last connection: the others' changes are made meanwhile.

use hookwright::api::OrgOptions;
use hookwright_tests::locks::TableLock;
use hookwright_tests::org::name;
use hookwright_tests::postgres::TestDatabase;

use crate::door::{Door, State};
use crate::rig::{Rig, add_field, eventually, sessions};

struct Two {
    rig: Rig,
    door: Door,
    /// Its database is behind the door.
    bad: hookwright_core::ident::OrgName,
    good: hookwright_core::ident::OrgName,
    _databases: [TestDatabase; 2],
}

impl Two {
    async fn new() -> Self {
        // No limit of the host ends what hangs: the others must get on all the same.
        let rig = Rig::new(|config| {
            config.database.connect_timeout_ms = 600_000;
            config.database.read_timeout_ms = 600_000;
            config.database.hang_timeout_ms = 600_000;
        })
        .await;
        let (behind, beside) = (TestDatabase::create().await, TestDatabase::create().await);
        let door = Door::new().await;
        let bad = rig.org("bad", &door.url(behind.url())).await;
        let good = rig.org("good", beside.url()).await;
        Self { rig, door, bad, good, _databases: [behind, beside] }
    }

    /// Work on the bad database, which never ends by itself.
    fn hang(&self, count: usize) -> Vec<tokio::task::JoinHandle<()>> {
        let hang = |number: usize| {
            let (host, org) = (self.rig.host.clone(), self.bad.clone());
            tokio::spawn(async move {
                let event = add_field(&format!("hangs-{number}"));
                if number.is_multiple_of(2) {
                    hookwright_tests::org::submit(&host, &org, &event).await.ok();
                } else {
                    host.entities(&org).await.ok();
                }
            })
        };
        (0..count).map(hang).collect()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn beside_a_dead_database() {
    let two = Two::new().await;
    two.door.set(State::Shut).await;
    two.rig.until_open(&two.bad).await;
    for number in 0..10 {
        two.rig.applies(&two.good, &format!("f{number}")).await;
        two.rig.submit(&two.bad, &add_field("lost")).await.unwrap_err();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn beside_a_silent_database_that_answered_before() {
    let two = Two::new().await;
    two.door.set(State::Silent).await;
    let hanging = two.hang(100);
    for number in 0..10 {
        two.rig.applies(&two.good, &format!("f{number}")).await;
        two.rig.host.entities(&two.good).await.unwrap();
    }
    assert!(hanging.iter().all(|task| !task.is_finished()));
    two.door.set(State::Open).await;
    for task in hanging {
        task.await.unwrap();
    }
    two.rig.until_applied(&two.bad, "back").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn beside_a_silent_database_that_is_not_connected_to() {
    let two = Two::new().await;
    two.door.set(State::Shut).await;
    two.door.set(State::Silent).await;
    let knocks = two.door.knocks();
    let hanging = two.hang(100);
    eventually("somebody knocks", async || (two.door.knocks() > knocks).then_some(())).await;
    for number in 0..10 {
        two.rig.applies(&two.good, &format!("f{number}")).await;
    }
    // One tries, the others wait for what comes of it.
    assert_eq!(two.door.knocks(), knocks + 1);
    assert!(hanging.iter().any(|task| !task.is_finished()));
    two.door.set(State::Open).await;
    two.rig.until_applied(&two.bad, "back").await;
}

/// All organisations of a server that went silent are begun before the one that is well.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_that_begins_gets_past_those_that_hang() {
    let first = Rig::new(|_| {}).await;
    let (behind, beside) = (TestDatabase::create().await, TestDatabase::create().await);
    let door = Door::new().await;
    for number in 0..40 {
        // Addresses that differ are databases that differ, to a host.
        let url = format!("{}?statement-cache-capacity={}", door.url(behind.url()), 100 + number);
        first.host.org_add(&name(&format!("a{number}")), &url, OrgOptions::default()).await.unwrap();
    }
    first.host.org_add(&name("z"), beside.url(), OrgOptions::default()).await.unwrap();
    let Rig { host, directory } = first;
    drop(host);
    eventually("the first host is gone", async || (sessions(&beside).await == 0).then_some(())).await;
    door.set(State::Silent).await;
    let mut config = hookwright_tests::org::config(directory.path());
    config.database.connect_timeout_ms = 600_000;
    config.database.hang_timeout_ms = 600_000;
    let host = hookwright_tests::org::start(config).await;
    let resuming = tokio::spawn({
        let host = host.clone();
        async move { host.resume_all().await }
    });
    eventually("the last organisation is connected to", async || (sessions(&beside).await > 0).then_some(()))
        .await;
    resuming.abort();
}

/// Two organisations share a database; one of them holds all that it may have.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn beside_an_organisation_that_uses_all_its_connections() {
    let rig = Rig::new(|config| {
        config.database.max_connections_per_org = 2;
        config.database.connect_timeout_ms = 100;
        config.database.lock_timeout_ms = 60_000;
    })
    .await;
    let database = TestDatabase::create().await;
    let (greedy, modest) = (rig.org("greedy", database.url()).await, rig.org("modest", database.url()).await);
    let lock = TableLock::hold(database.url(), "greedy", "invoice").await;
    let (host, org) = (rig.host.clone(), greedy.clone());
    let blocked =
        tokio::spawn(async move { hookwright_tests::org::submit(&host, &org, &add_field("slow")).await });
    lock.wait_for_victim().await;
    let error = rig.host.entities(&greedy).await.unwrap_err();
    assert_eq!((error.code.as_str(), error.entry.status), ("org/overloaded", 503));
    let cause = format!(
        "all 2 connections of the organisation \"greedy\" were in use for 100 ms; they wait for session {} of ",
        lock.pid()
    );
    assert!(error.message.starts_with(&cause), "{error}");
    assert!(error.help.contains(&format!("pg_terminate_backend({})", lock.pid())), "{}", error.help);
    for number in 0..10 {
        rig.applies(&modest, &format!("f{number}")).await;
    }
    lock.release().await;
    blocked.await.unwrap().unwrap();
    rig.host.entities(&greedy).await.unwrap();
}
