//! A database that is gone is not asked for a while, says since when and why, and is asked again by itself.

use hookwright::api::{CircuitState, OrgOptions};
use hookwright_tests::locks::TableLock;
use hookwright_tests::org::name;
use hookwright_tests::postgres::{TestDatabase, server_url};
use sqlx::{AssertSqlSafe, Connection, PgConnection};

use crate::door::{Door, State};
use crate::rig::{Rig, add_field, eventually};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dead_database_is_not_asked_and_comes_back_by_itself() {
    let (rig, database, door) = (Rig::new(|_| {}).await, TestDatabase::create().await, Door::new().await);
    let org = rig.org("acme", &door.url(database.url())).await;
    assert_eq!(rig.pressure(&org).await.circuit, CircuitState::Closed);
    door.set(State::Shut).await;
    let error = rig.until_open(&org).await;
    assert!(error.message.starts_with("nothing listens at 127.0.0.1:"), "{error}");
    assert!(error.message.contains("tried again in 1 s"), "{error}");
    let pressure = rig.pressure(&org).await;
    assert_ne!(pressure.circuit, CircuitState::Closed);
    assert!(pressure.cause.unwrap().starts_with("nothing listens at 127.0.0.1:"));
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
    let opened = rig.until_open(&org).await;
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
    // Whoever comes later is told the same cause, with advice of its own.
    let cause = |error: &hookwright::error::Error| {
        error.message.split("; it is not reached").next().unwrap().to_owned()
    };
    assert_eq!(cause(&error), cause(&opened));
    assert!(error.help.contains("hookwright org add late --database URL"), "{}", error.help);
    assert!(opened.help.contains("hookwright org update acme --database URL"), "{}", opened.help);
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
    assert_eq!(rig.submit(&org, &event).await.unwrap_err().code, "db/name-taken");
    assert_eq!(rig.pressure(&org).await.circuit, CircuitState::Closed);
    let missing = database.url().replace(database.name(), "hookwright_no_such_database");
    let error = rig.host.org_add(&name("other"), &missing, OrgOptions::default()).await.unwrap_err();
    assert_ne!(error.code, "db/circuit-open");
    let closed = TestDatabase::create().await;
    let close = format!("ALTER DATABASE {} WITH ALLOW_CONNECTIONS false", closed.name());
    let mut server = PgConnection::connect(&server_url()).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(close)).execute(&mut server).await.unwrap();
    let error = rig.host.org_add(&name("closed"), closed.url(), OrgOptions::default()).await.unwrap_err();
    assert_eq!(error.code, "db/closed", "{error}");
    assert!(
        error.help.contains(&format!("ALTER DATABASE \"{}\" WITH ALLOW_CONNECTIONS true", closed.name()))
    );
    assert_eq!(rig.host.pools().databases, [3, 0, 0]);
}

/// A server that hangs takes what it is sent, on connections that were there, and says nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_hangs_is_waited_for_no_more() {
    let rig = Rig::new(|config| {
        config.database.circuit_failures = 1;
        config.database.hang_timeout_ms = 1_000;
        config.database.read_timeout_ms = 600_000;
    })
    .await;
    let (database, door) = (TestDatabase::create().await, Door::new().await);
    let org = rig.org("acme", &door.url(database.url())).await;
    for write in [false, true] {
        door.set(State::Silent).await;
        let error = match write {
            false => rig.host.entities(&org).await.unwrap_err(),
            true => rig.submit(&org, &add_field("lost")).await.unwrap_err(),
        };
        assert_eq!(error.entry.status, 503, "{error:?}");
        let pressure = rig.pressure(&org).await;
        assert!(pressure.circuit != CircuitState::Closed && pressure.failures == 1, "{pressure:?}");
        let cause = pressure.cause.unwrap();
        assert!(cause.contains("takes connections, and does not answer a login"), "{cause}");
        door.set(State::Open).await;
        rig.until_applied(&org, if write { "back_again" } else { "back" }).await;
    }
}

/// One that is long at a statement answers a new connection, and is waited for.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_statement_is_not_taken_for_a_database_that_hangs() {
    let rig = Rig::new(|config| {
        config.database.circuit_failures = 1;
        config.database.hang_timeout_ms = 2_000;
        config.database.lock_timeout_ms = 60_000;
    })
    .await;
    let (database, door) = (TestDatabase::create().await, Door::new().await);
    let org = rig.org("acme", &door.url(database.url())).await;
    let lock = TableLock::hold(database.url(), "acme", "invoice").await;
    let (host, at) = (rig.host.clone(), org.clone());
    let slow =
        tokio::spawn(async move { hookwright_tests::org::submit(&host, &at, &add_field("slow")).await });
    lock.wait_for_victim().await;
    let knocks = door.knocks();
    eventually("it is tried beside", async || (door.knocks() > knocks).then_some(())).await;
    lock.release().await;
    assert!(slow.await.unwrap().unwrap().change.is_some());
    assert_eq!(rig.pressure(&org).await.failures, 0);
}
