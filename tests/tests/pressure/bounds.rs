//! The bound on all connections of a host holds, whoever wants one; and so does the one on changes that wait.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use hookwright::api::{OrgOptions, SubmitOptions};
use hookwright::outcome::Status;
use hookwright_tests::locks::TableLock;
use hookwright_tests::org::change;
use hookwright_tests::plain_role::{PlainRole, address};
use hookwright_tests::postgres::{TestDatabase, execute};
use serde_json::json;

use crate::rig::{Rig, add_field, eventually, first_to_end, sessions};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_databases_share_few_connections() {
    const DATABASES: usize = 12;
    let rig = Rig::new(|config| {
        config.database.max_connections_total = 4;
        config.database.connect_timeout_ms = 60_000;
    })
    .await;
    let (mut databases, mut orgs) = (Vec::new(), Vec::new());
    for number in 0..DATABASES {
        let database = TestDatabase::create().await;
        orgs.push(rig.org(&format!("o{number}"), database.url()).await);
        databases.push(database);
    }
    let file = rig.directory.path().join("file.db");
    orgs.push(rig.org("file", &format!("sqlite:{}", file.display())).await);
    let (over, ended) = (AtomicBool::new(false), AtomicBool::new(false));
    let watch = async {
        while !ended.load(Ordering::SeqCst) {
            let count = rig.host.pools().connections;
            over.fetch_or(count.used + count.idle > 3, Ordering::SeqCst);
            tokio::task::yield_now().await;
        }
    };
    let work = async {
        let tasks = orgs.iter().flat_map(|org| (0..8).map(move |number| (org.clone(), number)));
        let tasks: Vec<_> = tasks
            .map(|(org, number)| {
                let host = rig.host.clone();
                tokio::spawn(async move {
                    let event = add_field(&format!("f{number}"));
                    let outcome = hookwright_tests::org::submit(&host, &org, &event).await.unwrap();
                    assert_eq!(outcome.status, Status::Applied);
                    host.entities(&org).await.unwrap();
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        ended.store(true, Ordering::SeqCst);
    };
    tokio::join!(watch, work);
    assert!(!over.load(Ordering::SeqCst), "more connections than the bound");
    // Servers take a moment to notice that a session has ended.
    eventually("few sessions are left", async || {
        let mut all = 0;
        for database in &databases {
            all += sessions(database).await;
        }
        (all <= 3).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_that_wait_are_bounded() {
    let rig = Rig::new(|config| {
        config.database.max_changes_per_org = 2;
        config.database.lock_timeout_ms = 60_000;
    })
    .await;
    let database = TestDatabase::create().await;
    let (org, other) = (rig.org("acme", database.url()).await, rig.org("other", database.url()).await);
    let lock = TableLock::hold(database.url(), "acme", "invoice").await;
    let send = |id: &'static str| {
        let (host, org) = (rig.host.clone(), org.clone());
        tokio::spawn(async move { hookwright_tests::org::submit(&host, &org, &add_field(id)).await })
    };
    let mut sent = vec![send("one")];
    lock.wait_for_victim().await;
    sent.extend([send("two"), send("three")]);
    let refused = first_to_end(&mut sent).await.unwrap_err();
    assert_eq!((refused.code.as_str(), refused.retry_after_s()), ("org/overloaded", 1));
    rig.applies(&other, "beside").await;
    lock.release().await;
    for sent in sent {
        assert_eq!(sent.await.unwrap().unwrap().status, Status::Applied);
    }
    rig.applies(&org, "four").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_whose_time_is_over_changes_nothing_and_can_come_again() {
    let rig = Rig::new(|_| ()).await;
    let database = TestDatabase::create().await;
    let file = format!("sqlite:{}", rig.directory.path().join("file.db").display());
    for (name, url) in [("acme", database.url()), ("file", file.as_str())] {
        let org = rig.org(name, url).await;
        let send = async |until| {
            let options = SubmitOptions { until, ..SubmitOptions::default() };
            rig.host.submit(&org, change(&add_field("late")), options).await
        };
        let error = send(Some(Instant::now())).await.unwrap_err();
        assert_eq!((error.code.as_str(), error.entry.retryable), ("host/timeout", true), "{error}");
        assert_eq!(rig.host.entities(&org).await.unwrap()[0].fields.len(), 1);
        assert_eq!(send(None).await.unwrap().status, Status::Applied);
    }
}

/// What the host itself has open there, and does not use, makes way.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_full_of_the_hosts_own_is_not_full() {
    let role = PlainRole::create().await;
    let other = TestDatabase::create().await;
    execute(other.url(), format!("GRANT CREATE ON DATABASE {} TO {}", other.name(), role.name())).await;
    eventually("connections that nobody uses", async || {
        tokio::join!(role.examine(), role.examine(), role.examine(), role.examine());
        (role.host().pools().connections.idle >= 3).then_some(())
    })
    .await;
    role.admin(&format!("ALTER ROLE {} CONNECTION LIMIT 3", role.name())).await;
    let org = hookwright_tests::org::name("other");
    let added = role.host().org_add(&org, &address(&other, role.name()), OrgOptions::default()).await;
    added.unwrap_or_else(|error| panic!("{error}; {}", error.help));
    for org in [&org, role.org()] {
        let fields = json!([{"name": "id", "type": "Uuid", "nullable": false, "primaryKey": true}]);
        let event =
            json!({"id": "e", "type": "entity.create", "entity": {"name": "invoice", "fields": fields}});
        let outcome = hookwright_tests::org::submit(role.host(), org, &event).await.unwrap();
        assert_eq!(outcome.status, Status::Applied);
    }
}
