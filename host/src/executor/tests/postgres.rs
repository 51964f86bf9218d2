//! What holds on PostgreSQL alone: locks and who holds them, settling, privileges, timeouts.

use hookwright_core::ddl::Dialect;
use sqlx::Connection;

use super::{add, column, create, ty};
use crate::db::gate::Script;
use crate::db::{DbError, DbOptions, OrgDb, Pools, ProbeAnswer};
use crate::executor::job::Job;
use crate::executor::settle::settle;
use crate::executor::testing::{Bench, org};
use crate::executor::{Executed, RetryPolicy, execute, postgres};

async fn bench() -> Bench {
    let mut bench = Bench::new(Dialect::Postgres).await;
    bench.change(&[create("invoice", &[])]).await;
    bench
}

fn note() -> serde_json::Value {
    add("invoice", column("note", ty("Text"), true))
}

#[tokio::test]
async fn who_holds_a_lock_is_named() {
    let mut bench = bench().await;
    let mut session = bench.session().await;
    let hold = "SET application_name = 'reader'; BEGIN; SELECT * FROM \"acme-corp\".invoice";
    Script::of(Dialect::Postgres, hold).postgres(&mut session).await.expect("held");
    let error = bench.try_change(&[note()]).await.expect_err("blocked");
    let DbError::Blocked { tries: 3, blockers, .. } = &error else { panic!("{error:?}") };
    let [blocker] = blockers.as_slice() else { panic!("{blockers:?}") };
    assert_eq!((blocker.application.as_str(), blocker.state.as_str()), ("reader", "idle in transaction"));
    assert!(error.to_string().contains("AccessShareLock on \"invoice\""), "{error}");
    Script::of(Dialect::Postgres, "COMMIT").postgres(&mut session).await.expect("let go");
    bench.change(&[note()]).await;
}

#[tokio::test]
async fn a_lock_let_go_in_time_is_waited_for() {
    let mut bench = bench().await;
    bench.retry.lock_attempts = 30;
    let mut session = bench.session().await;
    let hold = "BEGIN; SELECT * FROM \"acme-corp\".invoice";
    Script::of(Dialect::Postgres, hold).postgres(&mut session).await.expect("held");
    let letting_go = tokio::spawn(async move {
        tokio::time::sleep(std::time::Duration::from_millis(250)).await;
        session.close().await
    });
    let executed = bench.try_change(&[note()]).await.expect("executed");
    let Executed::Applied(applied) = executed else { panic!("{executed:?}") };
    assert!(applied.attempts > 1);
    letting_go.await.expect("ended").expect("closed");
    bench.in_step().await;
}

#[tokio::test]
async fn a_settled_attempt_can_do_nothing_any_more() {
    let mut bench = bench().await;
    let (plan, schema) = bench.plan(&[note()]);
    let job = Job::new(Dialect::Postgres, &bench.work(&plan, &schema));
    let settled = settle(&bench.db, &job, "c-2/1", &bench.retry, 1).await.expect("settled");
    assert_eq!(settled, None);
    let crate::db::Pool::Postgres(pool) = bench.db.pool() else { panic!("PostgreSQL") };
    let late = postgres::attempt(&bench.db, pool, &job, &attempt("c-2/1")).await;
    assert!(late.is_err(), "{late:?}");
    postgres::attempt(&bench.db, pool, &job, &attempt("c-2/2")).await.expect("another attempt may");
    let settled = settle(&bench.db, &job, "c-2/2", &bench.retry, 2).await.expect("settled");
    let Some(Executed::Applied(applied)) = settled else { panic!("{settled:?}") };
    assert!(applied.committed_at.ends_with('Z'));
}

#[tokio::test]
async fn stale_connections_are_replaced_without_notice() {
    const END: &str = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
        WHERE application_name = 'hookwright' AND datname = current_database()";
    let mut bench = bench().await;
    bench.retry.base_ms = 60_000;
    for nth in 0..4 {
        let reads = (0..8).map(|_| bench.db.point());
        futures_util::future::try_join_all(reads).await.expect("read");
        bench.sql(END).await;
        match nth {
            0 => bench.change(&[note()]).await,
            1 => assert_eq!(bench.db.point().await.expect("read").revision, 2),
            2 => drop(bench.in_step().await),
            _ => bench.db.prepare(&RetryPolicy::default()).await.expect("prepared"),
        }
    }
}

#[tokio::test]
async fn a_missing_privilege_is_named_with_its_grant() {
    let bench = bench().await;
    bench.sql("DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'hookwright_plain') THEN CREATE ROLE hookwright_plain LOGIN PASSWORD 'plain'; END IF; END $$; SELECT pg_sleep(0)").await;
    let options: sqlx::postgres::PgConnectOptions = bench.url.parse().expect("an address");
    let options = options.username("hookwright_plain").password("plain");
    let url = sqlx::ConnectOptions::to_url_lossy(&options).to_string();
    let plain = OrgDb::connect(&org(), &url, &DbOptions::default(), &Pools::default()).expect("an address");
    let error = plain.prepare(&RetryPolicy::default()).await.expect_err("refused");
    let help = error.help().expect("a grant");
    assert!(help.contains("GRANT USAGE ON SCHEMA hookwright TO \"hookwright_plain\""), "{error}: {help}");
    let report = plain.check().await.expect("checked");
    assert_eq!(report.problems.len(), 1, "{report:?}");
}

#[tokio::test]
async fn a_newer_host_is_respected() {
    let bench = bench().await;
    bench.sql("INSERT INTO hookwright.meta VALUES (99)").await;
    let error = bench.db.prepare(&RetryPolicy::default()).await.expect_err("refused");
    assert!(matches!(error, DbError::Version { found: 99, .. }), "{error:?}");
}

#[tokio::test]
async fn a_slow_probe_stays_unanswered() {
    let options = DbOptions { probe_timeout_ms: 50, ..DbOptions::default() };
    let bench = Bench::with(Dialect::Postgres, options).await;
    let slow = Script::of(Dialect::Postgres, "SELECT pg_sleep(5) IS NULL, 0, NULL;");
    assert_eq!(bench.db.ask(&slow).await.expect("no error"), ProbeAnswer::TimedOut);
    let writing = Script::of(Dialect::Postgres, "DELETE FROM hookwright.org;");
    bench.db.ask(&writing).await.expect_err("probes only read");
    bench.db.point().await.expect("the connection is fit for use");
}

#[tokio::test]
async fn many_hosts_make_many_changes() {
    let bench = Bench::new(Dialect::Postgres).await;
    let mut bench = bench;
    bench.retry.lock_attempts = 200;
    let plan = bench.plan(&[]).0;
    let schema = bench.schema.clone();
    let work: Vec<_> = (0..8).map(|_| bench.work(&plan, &schema)).collect();
    let running = work.into_iter().map(|work| {
        let db =
            OrgDb::connect(&org(), &bench.url, bench.db.options(), &Pools::default()).expect("an address");
        let retry = bench.retry.clone();
        async move { execute(&db, work, &retry).await.expect("answered") }
    });
    let done = futures_util::future::join_all(running).await;
    let applied = done.iter().filter(|e| matches!(e, Executed::Applied(_))).count();
    assert_eq!((applied, bench.db.point().await.expect("read").revision), (1, 1), "{done:?}");
}

fn attempt(name: &str) -> postgres::Attempt<'_> {
    postgres::Attempt { name, blocked: false }
}
