//! The sender goes away during a change: the change ends whole, and the host does not stop before.

use std::time::Duration;

use hookwright::http;
use hookwright::outcome::Status;
use hookwright_tests::locks::TableLock;
use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::rig::{Org, PATIENCE, Rig, add_field};

async fn rig() -> (Rig, Org) {
    let rig = Rig::with(|config| {
        config.database.lock_timeout_ms = 20_000;
        config.http.listen.set_port(0);
    });
    let rig = rig.await;
    let org = rig.org().await;
    (rig, org)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_goes_on_when_its_future_is_dropped() {
    let (rig, org) = rig().await;
    let event = add_field("e-1", "rank");
    let lock = TableLock::hold(rig.database.url(), org.name.as_str(), "invoice").await;
    tokio::select! {
        outcome = rig.submit(&org, &event) => panic!("not blocked: {outcome:?}"),
        _ = lock.wait_for_victim() => {}
    }
    // the change is under way, so this cannot end
    timeout(Duration::from_millis(50), rig.host.drain()).await.unwrap_err();
    lock.release().await;
    timeout(PATIENCE, rig.host.drain()).await.unwrap();
    assert_eq!(org.witness.look().await.events, ["first", "e-1"]);
    rig.applied_once(&org, &event, 2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_that_come_while_a_host_drains_are_made_too() {
    let (rig, org) = rig().await;
    let (first, second) = (add_field("e-1", "rank"), add_field("e-2", "size"));
    let lock = TableLock::hold(rig.database.url(), org.name.as_str(), "invoice").await;
    let (one, two, ()) = tokio::join!(rig.submit(&org, &first), rig.submit(&org, &second), async {
        lock.wait_for_victim().await;
        timeout(Duration::from_millis(50), rig.host.drain()).await.unwrap_err();
        lock.release().await;
    });
    assert_eq!((one.unwrap().status, two.unwrap().status), (Status::Applied, Status::Applied));
    assert_eq!(org.witness.look().await.snapshot.revision, 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_finishes_the_change_of_a_client_that_hung_up() {
    let (rig, org) = rig().await;
    let event = add_field("e-1", "rank");
    let listener = http::bind(&rig.host).await.unwrap();
    let url = format!("http://{}/v1/orgs/{}/events", listener.local_addr().unwrap(), org.name);
    let (stop, stopped) = oneshot::channel::<()>();
    let server = tokio::spawn(http::serve(rig.host.clone(), listener, async { stopped.await.unwrap() }));
    let lock = TableLock::hold(rig.database.url(), org.name.as_str(), "invoice").await;
    let client = reqwest::Client::new();
    tokio::select! {
        answer = client.post(&url).json(&event).send() => panic!("not blocked: {answer:?}"),
        _ = lock.wait_for_victim() => {}
    }
    drop(client);
    stop.send(()).unwrap();
    assert!(!server.is_finished());
    lock.release().await;
    timeout(PATIENCE, server).await.unwrap().unwrap().unwrap();
    // with the server's end, not some time after it
    assert_eq!(org.witness.look().await.events, ["first", "e-1"]);
    rig.applied_once(&org, &event, 2).await;
}
