//! `kill -9` of a host in the middle of a change on SQLite: the file is as before the change or as after it.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use hookwright_tests::sqlite::TestFile;
use serde_json::{Value as Json, json};
use sqlx::Connection;

use crate::killed::Site;
use crate::rig::PATIENCE;

/// More than fits into the page cache, so that it is written to the log before the commit.
const ROWS: &str = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 150000) \
    INSERT INTO invoice (id, note) SELECT printf('%08x-0000-4000-8000-%012x', i, i), printf('%0100d', i) FROM n";

async fn intact(file: &TestFile) {
    let mut connection = file.connect().await;
    let found: String =
        sqlx::query_scalar("PRAGMA integrity_check").fetch_one(&mut connection).await.unwrap();
    assert_eq!(found, "ok");
    let broken: i64 = sqlx::query_scalar("SELECT count(*) FROM pragma_foreign_key_check")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    assert_eq!(broken, 0);
    connection.close().await.unwrap();
}

/// The write-ahead log, into which an open transaction is spilt.
fn log(file: &TestFile) -> PathBuf {
    let mut path = file.path().as_os_str().to_owned();
    path.push("-wal");
    path.into()
}

fn wait_for_growth(log: &Path, bytes: u64) {
    let end = Instant::now() + PATIENCE;
    while std::fs::metadata(log).map_or(0, |of| of.len()) < bytes {
        assert!(Instant::now() < end, "the log did not grow");
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn rebuild() -> Json {
    json!({"id": "e-1", "type": "field.update", "entity": "invoice", "field": "amount", "changes": {"type": "Float"}})
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rebuild_that_is_killed_leaves_the_table_as_it_was() {
    let file = TestFile::create();
    let site = Site::new(&file.url()).await;
    let mut direct = file.connect().await;
    sqlx::raw_sql(ROWS).execute(&mut direct).await.unwrap();
    sqlx::raw_sql("PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut direct).await.unwrap();
    assert_eq!(std::fs::metadata(log(&file)).unwrap().len(), 0, "somebody reads the log");
    let process = site.send(&[rebuild()]);
    wait_for_growth(&log(&file), 2_000_000);
    let ended = process.kill();
    assert_eq!(ended.stdout, [""; 0], "{ended:?}");
    intact(&file).await;
    assert_eq!(site.in_step().await.events, ["first"]);
    assert_eq!(site.send_all(&[rebuild()]), ["applied"]);
    intact(&file).await;
    assert_eq!(site.in_step().await.events, ["first", "e-1"]);
    let rows: i64 =
        sqlx::query_scalar("SELECT count(DISTINCT note) FROM invoice").fetch_one(&mut direct).await.unwrap();
    assert_eq!(rows, 150_000);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hosts_killed_anywhere_leave_whole_changes() {
    let file = TestFile::create();
    let site = Site::new(&file.url()).await;
    site.kill_anywhere().await;
    intact(&file).await;
}
