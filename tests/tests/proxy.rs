//! The fault proxy and the helpers around PostgreSQL, tested over a real server.

#![allow(clippy::unwrap_used)]

use hookwright_tests::locks::{TableLock, terminate, wait_until_gone};
use hookwright_tests::postgres::TestDatabase;
use hookwright_tests::proxy::{Cut, Proxy, Seen};
use sqlx::{Connection, Executor, PgConnection, Row};

struct Bench {
    proxy: Proxy,
    url: String,
    database: TestDatabase,
}

impl Bench {
    async fn start() -> Self {
        let database = TestDatabase::create().await;
        let proxy = Proxy::start(database.url()).await;
        let url = proxy.url(database.url());
        Self { proxy, url, database }
    }

    async fn connect(&self) -> PgConnection {
        PgConnection::connect(&self.url).await.unwrap()
    }

    /// How many rows committed, seen without the proxy.
    async fn rows(&self) -> i64 {
        let mut direct = self.database.connect().await;
        sqlx::query_scalar("SELECT count(*) FROM t").fetch_one(&mut direct).await.unwrap()
    }

    async fn seen_of(&self, sql: &'static str) -> Seen {
        let mut connection = self.connect().await;
        self.proxy.watch();
        connection.execute(sqlx::raw_sql(sql)).await.unwrap();
        self.proxy.disarm()
    }
}

#[tokio::test]
async fn messages_of_a_simple_query_are_counted() {
    let bench = Bench::start().await;
    let seen = bench.seen_of("SELECT 1").await;
    assert_eq!(seen.to_string(), ">Q <T <D <C <Z");
    assert_eq!((seen.client, seen.server, seen.cut), (1, 4, false));
    bench.database.close().await;
}

#[tokio::test]
async fn a_connection_is_counted_from_its_first_message() {
    let bench = Bench::start().await;
    bench.proxy.watch();
    let connection = bench.connect().await;
    let seen = bench.proxy.disarm().to_string();
    assert!(seen.starts_with(">^ <R"), "{seen}");
    assert!(seen.ends_with("<Z"), "{seen}");
    connection.close().await.unwrap();
}

#[tokio::test]
async fn a_cut_at_each_message_is_an_error_and_a_new_connection_works() {
    let bench = Bench::start().await;
    let seen = bench.seen_of("SELECT 1").await;
    let client = (1..=seen.client).flat_map(|n| [Cut::BeforeClientMessage(n), Cut::AfterClientMessage(n)]);
    // after the server's last message the client has its answer: no error, the next test
    let server = (1..seen.server).flat_map(|n| [Cut::BeforeServerMessage(n), Cut::AfterServerMessage(n)]);
    let last = [Cut::BeforeServerMessage(seen.server)];
    for cut in client.chain(server).chain(last) {
        let mut connection = bench.connect().await;
        bench.proxy.arm(cut);
        let outcome = connection.execute(sqlx::raw_sql("SELECT 1")).await;
        assert!(matches!(outcome, Err(sqlx::Error::Io(_))), "{cut:?}: {outcome:?}");
        let mut next = bench.connect().await;
        next.execute(sqlx::raw_sql("SELECT 1")).await.unwrap();
        assert!(bench.proxy.disarm().cut, "{cut:?}");
    }
}

#[tokio::test]
async fn a_cut_after_the_last_message_leaves_the_answer_and_a_dead_connection() {
    let bench = Bench::start().await;
    let mut connection = bench.connect().await;
    bench.proxy.arm(Cut::AfterServerMessage(4));
    let row = connection.fetch_one(sqlx::raw_sql("SELECT 1")).await.unwrap();
    assert_eq!(row.get::<i32, _>(0), 1);
    assert!(connection.execute(sqlx::raw_sql("SELECT 1")).await.is_err());
}

#[tokio::test]
async fn the_server_acts_on_exactly_what_passed() {
    let bench = Bench::start().await;
    bench.seen_of("CREATE TABLE t (a int)").await;
    let insert = "BEGIN; INSERT INTO t VALUES (1); COMMIT";
    let messages = bench.seen_of(insert).await.server;
    assert_eq!(bench.rows().await, 1);
    let cuts = [
        (Cut::BeforeClientMessage(1), 1),
        (Cut::AfterClientMessage(1), 2),
        (Cut::BeforeServerMessage(1), 3),
        (Cut::AfterServerMessage(messages - 1), 4),
    ];
    for (cut, rows) in cuts {
        let mut connection = bench.connect().await;
        let pid = backend(&mut connection).await;
        bench.proxy.arm(cut);
        connection.execute(sqlx::raw_sql(insert)).await.unwrap_err();
        wait_until_gone(bench.database.url(), pid).await;
        assert_eq!(bench.rows().await, rows, "{cut:?}");
    }
}

#[tokio::test]
async fn every_connection_can_be_cut_at_once() {
    let bench = Bench::start().await;
    let (mut one, mut two) = (bench.connect().await, bench.connect().await);
    bench.proxy.cut_now();
    one.execute(sqlx::raw_sql("SELECT 1")).await.unwrap_err();
    two.execute(sqlx::raw_sql("SELECT 1")).await.unwrap_err();
    bench.connect().await.execute(sqlx::raw_sql("SELECT 1")).await.unwrap();
}

#[tokio::test]
async fn messages_longer_than_any_buffer_pass_whole() {
    let bench = Bench::start().await;
    let long = "x".repeat(3_000_000);
    let back: String = sqlx::query_scalar("SELECT $1::text")
        .bind(&long)
        .fetch_one(&mut bench.connect().await)
        .await
        .unwrap();
    assert!(back == long);
}

#[tokio::test]
async fn a_held_lock_has_a_victim_until_it_is_released() {
    let bench = Bench::start().await;
    bench.seen_of("CREATE TABLE t (a int)").await;
    let lock = TableLock::hold(bench.database.url(), "public", "t").await;
    let mut victim = bench.connect().await;
    let pid = backend(&mut victim).await;
    let insert =
        tokio::spawn(
            async move { victim.execute(sqlx::raw_sql("INSERT INTO t VALUES (1)")).await.map(|_| ()) },
        );
    assert_eq!(lock.wait_for_victim().await, pid);
    assert_ne!(lock.pid(), pid);
    lock.release().await;
    insert.await.unwrap().unwrap();
    assert_eq!(bench.rows().await, 1);
}

#[tokio::test]
async fn a_terminated_backend_is_an_error_of_its_session() {
    let bench = Bench::start().await;
    let mut connection = bench.connect().await;
    let pid = backend(&mut connection).await;
    assert!(terminate(bench.database.url(), pid).await);
    connection.execute(sqlx::raw_sql("SELECT 1")).await.unwrap_err();
    assert!(!terminate(bench.database.url(), pid).await);
}

#[tokio::test]
async fn a_dropped_database_is_gone() {
    let database = TestDatabase::create().await;
    let name = database.name().to_owned();
    drop(database);
    let mut server = hookwright_tests::postgres::connect(&hookwright_tests::postgres::server_url()).await;
    let left: bool = sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)")
        .bind(name)
        .fetch_one(&mut server)
        .await
        .unwrap();
    assert!(!left);
}

async fn backend(connection: &mut PgConnection) -> i32 {
    sqlx::query_scalar("SELECT pg_backend_pid()").fetch_one(connection).await.unwrap()
}
