//! What nobody needs is closed and forgotten, and is there again when it is needed.

use hookwright_tests::postgres::TestDatabase;

use crate::rig::{Rig, eventually, sessions};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn idle_databases_and_organisations_are_forgotten() {
    let rig = Rig::new(|config| config.database.idle_timeout_ms = 50).await;
    let database = TestDatabase::create().await;
    let mut orgs = vec![rig.org("one", database.url()).await, rig.org("two", database.url()).await];
    for number in 0..20 {
        let file = rig.directory.path().join(format!("{number}.db"));
        orgs.push(rig.org(&format!("file{number}"), &format!("sqlite:{}", file.display())).await);
    }
    for round in 0..3 {
        eventually("all are forgotten", async || {
            let pools = rig.host.pools();
            let none = rig.host.ready_orgs() == 0
                && pools.databases == [0, 0, 0]
                && (pools.connections.used, pools.connections.idle) == (0, 0);
            (none && sessions(&database).await == 0).then_some(())
        })
        .await;
        for org in &orgs {
            rig.applies(org, &format!("f{round}")).await;
        }
    }
}

/// Whoever is at work keeps what he works with.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_in_use_stays() {
    let rig = Rig::new(|config| {
        config.database.idle_timeout_ms = 20;
        config.database.lock_timeout_ms = 60_000;
    })
    .await;
    let (database, other) = (TestDatabase::create().await, TestDatabase::create().await);
    let (org, beside) = (rig.org("acme", database.url()).await, rig.org("beside", other.url()).await);
    let lock = hookwright_tests::locks::TableLock::hold(database.url(), "acme", "invoice").await;
    let (host, at) = (rig.host.clone(), org.clone());
    let blocked = tokio::spawn(async move {
        hookwright_tests::org::submit(&host, &at, &crate::rig::add_field("slow")).await
    });
    lock.wait_for_victim().await;
    eventually("the other is forgotten", async || (rig.host.ready_orgs() == 1).then_some(())).await;
    assert_eq!(rig.pressure(&org).await.of_org.used, 1);
    lock.release().await;
    blocked.await.unwrap().unwrap();
    rig.applies(&beside, "again").await;
}
