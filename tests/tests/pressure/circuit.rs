//! A database that is gone is not asked for a while, says since when and why, and is asked again by itself.

use hookwright::api::{CircuitState, OrgOptions};
use hookwright_tests::org::name;
use hookwright_tests::postgres::TestDatabase;

use crate::door::{Door, State};
use crate::rig::{Rig, add_field};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dead_database_is_not_asked_and_comes_back_by_itself() {
    let (rig, database, door) = (Rig::new(|_| {}).await, TestDatabase::create().await, Door::new().await);
    let org = rig.org("acme", &door.url(database.url())).await;
    assert_eq!(rig.pressure(&org).await.circuit, CircuitState::Closed);
    door.set(State::Shut).await;
    let error = rig.until_open(&org).await;
    assert!(error.message.contains("onnection refused"), "{error}");
    let pressure = rig.pressure(&org).await;
    assert_ne!(pressure.circuit, CircuitState::Closed);
    assert!(pressure.cause.unwrap().contains("onnection refused"));
    assert!(pressure.since.unwrap() <= pressure.next_try.unwrap());
    door.set(State::Open).await;
    rig.until_applied(&org, "back").await;
}

/// While the circuit is open nothing reaches the database.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_open_circuit_answers_without_asking() {
    let differ = |config: &mut hookwright::config::Config| {
        config.database.circuit_wait_ms = 600_000;
        config.database.circuit_wait_max_ms = 600_000;
    };
    let (rig, database, door) = (Rig::new(differ).await, TestDatabase::create().await, Door::new().await);
    let org = rig.org("acme", &door.url(database.url())).await;
    door.set(State::Shut).await;
    rig.until_open(&org).await;
    door.set(State::Open).await;
    let knocks = door.knocks();
    for _ in 0..20 {
        let error = rig.submit(&org, &add_field("refused")).await.unwrap_err();
        assert_eq!(error.code, "db/circuit-open");
        assert!((300..=600).contains(&error.retry_after_s()), "{}", error.retry_after_s());
    }
    assert_eq!(door.knocks(), knocks);
    // Registered again it is the same database, and not asked either.
    let (late, url) = (name("late"), door.url(database.url()));
    let error = rig.host.org_add(&late, &url, OrgOptions::default()).await.unwrap_err();
    assert_eq!(error.code, "db/circuit-open");
    assert_eq!(door.knocks(), knocks);
}

/// What the database says to a statement, or to a login, is an answer.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn errors_of_statements_and_logins_open_nothing() {
    let (rig, database) = (Rig::new(|c| c.database.circuit_failures = 1).await, TestDatabase::create().await);
    let org = rig.org("acme", database.url()).await;
    let mut connection = database.connect().await;
    sqlx::raw_sql("ALTER TABLE acme.invoice ADD COLUMN there int").execute(&mut connection).await.unwrap();
    let event = add_field("there");
    assert_eq!(rig.submit(&org, &event).await.unwrap_err().code, "db/drifted");
    assert_eq!(rig.pressure(&org).await.circuit, CircuitState::Closed);
    let missing = database.url().replace(database.name(), "hookwright_no_such_database");
    let error = rig.host.org_add(&name("other"), &missing, OrgOptions::default()).await.unwrap_err();
    assert_ne!(error.code, "db/circuit-open");
    assert_eq!(rig.host.pools().databases, [2, 0, 0]);
}
