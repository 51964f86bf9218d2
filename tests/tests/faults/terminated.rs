//! The server ends the session: while it waits for a lock, again and again, and while it is idle.

use std::collections::BTreeSet;

use hookwright::outcome::Status;
use hookwright_tests::locks::{TableLock, terminate};
use sqlx::{Connection, PgConnection};

use crate::rig::{Rig, add_field};

/// A rig whose changes wait for a lock until it is free.
async fn waiting() -> Rig {
    Rig::with(|config| config.database.lock_timeout_ms = 20_000).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_whose_backend_is_ended_is_made_on_another() {
    let rig = waiting().await;
    let org = rig.org().await;
    let url = rig.database.url();
    let event = add_field("e-1", "rank");
    let lock = TableLock::hold(url, org.name.as_str(), "invoice").await;
    let (outcome, ()) = tokio::join!(rig.submit(&org, &event), async {
        let first = lock.wait_for_victim().await;
        assert!(terminate(url, first).await);
        while lock.wait_for_victim().await == first {}
        lock.release().await;
    });
    let outcome = outcome.unwrap();
    assert_eq!((outcome.status, outcome.attempts), (Status::Applied, 2));
    rig.applied_once(&org, &event, 2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_whose_every_backend_is_ended_is_given_up_and_can_be_sent_again() {
    let rig = waiting().await;
    let org = rig.org().await;
    let url = rig.database.url();
    let event = add_field("e-1", "rank");
    let lock = TableLock::hold(url, org.name.as_str(), "invoice").await;
    let (outcome, ()) = tokio::join!(rig.submit(&org, &event), async {
        // One that was ended may be seen waiting once more.
        let mut ended = BTreeSet::new();
        while ended.len() < rig.host.config().retry.attempts as usize {
            let victim = lock.wait_for_victim().await;
            if terminate(url, victim).await {
                ended.insert(victim);
            }
        }
    });
    let error = outcome.unwrap_err();
    assert_eq!(error.code, "db/unreachable", "{error:?}");
    assert_eq!(org.witness.look().await.events, ["first"]);
    lock.release().await;
    assert_eq!(rig.submit(&org, &event).await.unwrap().status, Status::Applied);
    rig.applied_once(&org, &event, 2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sessions_ended_while_idle_are_replaced_unseen() {
    let rig = Rig::with(|config| config.database.max_connections = 8).await;
    let org = rig.org().await;
    for round in 1..=3 {
        // several sessions in the pool, all dead
        let page = hookwright::api::Page { before: None, limit: 5 };
        let looks = (0..4).map(|_| {
            let (host, name) = (rig.host.clone(), org.name.clone());
            tokio::spawn(async move { host.changes(&name, page).await.map(drop) })
        });
        for look in looks.collect::<Vec<_>>() {
            look.await.unwrap().unwrap();
        }
        let mut observer = PgConnection::connect(rig.database.url()).await.unwrap();
        let end = "SELECT count(pg_terminate_backend(pid, 10000)) FROM pg_stat_activity \
            WHERE application_name = 'hookwright' AND datname = current_database()";
        let ended: i64 = sqlx::query_scalar(end).fetch_one(&mut observer).await.unwrap();
        assert!(ended > 0);
        let event = add_field(&format!("e-{round}"), &format!("field{round}"));
        let outcome = rig.submit(&org, &event).await.unwrap();
        assert_eq!(outcome.status, Status::Applied);
        rig.applied_once(&org, &event, round + 1).await;
    }
}
