//! `kill -9` of a host in the middle of a change on PostgreSQL, where the batch goes on without it.

use hookwright_tests::locks::{TableLock, terminate, wait_until_gone};
use hookwright_tests::postgres::TestDatabase;

use crate::killed::Site;
use crate::rig::add_field;

/// A host that was killed while its change waited for a lock; the lock and the session that waits.
async fn killed(site: &Site, database: &TestDatabase) -> (TableLock, i32) {
    let lock = TableLock::hold(database.url(), "acme", "invoice").await;
    let process = site.send(&[add_field("e-1", "rank")]);
    let victim = lock.wait_for_victim().await;
    let ended = process.kill();
    assert_eq!(ended.stdout, [""; 0]);
    (lock, victim)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_that_outlives_its_host_is_made_whole() {
    let database = TestDatabase::create().await;
    let site = Site::new(database.url()).await;
    let (lock, victim) = killed(&site, &database).await;
    assert_eq!(site.in_step().await.events, ["first"]);
    lock.release().await;
    wait_until_gone(database.url(), victim).await;
    let seen = site.in_step().await;
    assert_eq!(seen.events.len() == 2, seen.has_field("invoice", "rank"));
    let statuses = site.send_all(&[add_field("e-1", "rank")]);
    assert_eq!(statuses, [if seen.events.len() == 2 { "replayed" } else { "applied" }]);
    assert_eq!(site.in_step().await.events, ["first", "e-1"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_that_ends_with_its_host_leaves_nothing() {
    let database = TestDatabase::create().await;
    let site = Site::new(database.url()).await;
    let (lock, victim) = killed(&site, &database).await;
    assert!(terminate(database.url(), victim).await);
    wait_until_gone(database.url(), victim).await;
    lock.release().await;
    let seen = site.in_step().await;
    assert_eq!(
        (seen.events.as_slice(), seen.has_field("invoice", "rank")),
        (&["first".to_owned()][..], false)
    );
    assert_eq!(site.send_all(&[add_field("e-1", "rank")]), ["applied"]);
    assert_eq!(site.in_step().await.events, ["first", "e-1"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_host_takes_over_while_the_batch_of_the_killed_one_waits() {
    let database = TestDatabase::create().await;
    let site = Site::new(database.url()).await;
    let (lock, victim) = killed(&site, &database).await;
    // its batch has the organisation's lock; the same event sent elsewhere must wait for what becomes of it
    let again = site.send(&[add_field("e-1", "rank")]);
    lock.release().await;
    wait_until_gone(database.url(), victim).await;
    let ended = again.wait();
    assert!(ended.status.success(), "{ended:?}");
    assert_eq!(site.in_step().await.events, ["first", "e-1"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hosts_killed_anywhere_leave_whole_changes() {
    let database = TestDatabase::create().await;
    Site::new(database.url()).await.kill_anywhere().await;
}
