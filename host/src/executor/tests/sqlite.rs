//! What holds on SQLite alone: the rebuild with all that hangs on a table, and the state of connections afterwards.

use std::time::Instant;

use hookwright_core::ddl::Dialect;
use serde_json::json;

use super::{column, create, refer, ty};
use crate::db::{DbError, DbOptions, OrgDb, Pool, Pools};
use crate::executor::job::Job;
use crate::executor::testing::{Bench, org};
use crate::executor::{Executed, Failure, RetryPolicy, Work, execute, sqlite};

/// Lines that refer to invoices that refer to accounts, with rows, triggers, a view and an index by hand.
async fn bench() -> Bench {
    let mut bench = Bench::new(Dialect::Sqlite).await;
    let text = |name: &str| column(name, ty("Text"), true);
    bench
        .change(&[
            create("account", &[]),
            create("invoice", &[text("account"), text("note")]),
            refer("invoice", "account", "account"),
            create("line", &[text("invoice")]),
            refer("line", "invoice", "invoice"),
            json!({"intent": "create-index", "table": "invoice", "keys": [{"column": "note"}]}),
        ])
        .await;
    bench
        .sql(
            "INSERT INTO account VALUES ('a'); INSERT INTO invoice VALUES ('i', 'a', '5'), ('j', NULL, '7');
             INSERT INTO line VALUES ('l', 'i');
             CREATE TABLE log (what);
             CREATE TRIGGER watch AFTER INSERT ON invoice BEGIN INSERT INTO log VALUES (NEW.id); END;
             CREATE TRIGGER elsewhere AFTER INSERT ON line BEGIN UPDATE invoice SET note = '1' WHERE id = NEW.invoice; END;
             CREATE VIEW seen AS SELECT id, note FROM invoice;
             CREATE INDEX by_hand ON invoice (note DESC) -- with a comment",
        )
        .await;
    bench
}

fn to_int() -> serde_json::Value {
    json!({"intent": "change-type", "table": "invoice", "column": "note", "ty": {"type": "Int"}})
}

#[tokio::test]
async fn a_rebuild_keeps_rows_triggers_views_indexes_and_references() {
    let mut bench = bench().await;
    let (executed, schema) = (bench.try_change(&[to_int()]).await, bench.schema.clone());
    executed.expect("rebuilt");
    let inspected = bench.db.inspect(None).await.expect("inspected");
    let own = inspected.schema.tables.iter().filter(|(name, _)| schema.tables.contains_key(*name));
    assert!(
        own.clone().count() == 3 && own.into_iter().all(|(name, table)| schema.table(name) == Some(table))
    );
    assert_eq!(bench.number("SELECT sum(note) FROM seen").await, 12);
    assert_eq!(bench.number("SELECT count(*) FROM line JOIN invoice ON invoice.id = line.invoice").await, 1);
    bench.sql("INSERT INTO invoice VALUES ('k', 'a', 3); INSERT INTO line VALUES ('m', 'k')").await;
    assert_eq!(bench.number("SELECT count(*) FROM log WHERE what = 'k'").await, 1);
    assert_eq!(bench.number("SELECT note FROM invoice WHERE id = 'k'").await, 1);
    assert_eq!(bench.number("SELECT count(*) FROM sqlite_master WHERE name = 'by_hand'").await, 1);
    assert_eq!(
        bench
            .number("SELECT count(*) FROM pragma_foreign_key_list('line') WHERE \"table\" = 'invoice'")
            .await,
        1
    );
}

#[tokio::test]
async fn a_rename_beside_a_rebuild_moves_references_along() {
    let mut bench = bench().await;
    let rename = json!({"intent": "rename-table", "table": "account", "to": "client"});
    let executed = bench.try_change(&[rename, to_int()]).await;
    executed.expect("rebuilt");
    assert_eq!(
        bench
            .number("SELECT count(*) FROM pragma_foreign_key_list('invoice') WHERE \"table\" = 'client'")
            .await,
        1
    );
    assert_eq!(bench.number("SELECT count(*) FROM pragma_foreign_key_check").await, 0);
}

#[tokio::test]
async fn a_column_by_hand_is_taken_along_by_a_rebuild() {
    let mut bench = bench().await;
    bench.sql("ALTER TABLE invoice ADD COLUMN extra VARCHAR(9); UPDATE invoice SET extra = 'mine'").await;
    bench.try_change(&[to_int()]).await.expect("rebuilt");
    assert_eq!(bench.number("SELECT count(*) FROM invoice WHERE extra = 'mine'").await, 2);
    let declared =
        "SELECT count(*) FROM pragma_table_info('invoice') WHERE name = 'extra' AND type = 'VARCHAR(9)'";
    assert_eq!(bench.number(declared).await, 1);
}

#[tokio::test]
async fn a_column_that_cannot_be_written_stops_a_rebuild() {
    let mut bench = bench().await;
    bench.sql("ALTER TABLE invoice ADD COLUMN \"its extra\" TEXT").await;
    let error = bench.try_change(&[to_int()]).await.expect_err("refused");
    assert!(
        matches!(&error, DbError::WouldBeLost { table, message } if table == "invoice" && message.contains("its extra")),
        "{error:?}"
    );
    assert_eq!(
        bench.number("SELECT count(*) FROM pragma_table_info('invoice') WHERE name = 'its extra'").await,
        1
    );
    assert_eq!(bench.db.point().await.expect("read").revision, 1);
}

#[tokio::test]
async fn connections_enforce_references_after_a_rebuild() {
    let mut bench = bench().await;
    bench.try_change(&[to_int()]).await.expect("rebuilt");
    bench.sql("ALTER TABLE account ADD COLUMN extra TEXT").await;
    let crate::db::Pool::Sqlite(pool) = bench.db.pool() else { panic!("SQLite") };
    let mut open = Vec::new();
    for _ in 0..3 {
        let mut connection = pool.acquire().await.expect("a connection");
        let on: i64 =
            sqlx::query_scalar("PRAGMA foreign_keys").fetch_one(&mut *connection).await.expect("read");
        let legacy: i64 =
            sqlx::query_scalar("PRAGMA legacy_alter_table").fetch_one(&mut *connection).await.expect("read");
        assert_eq!((on, legacy), (1, 0));
        open.push(connection);
    }
}

#[tokio::test]
async fn old_violations_do_not_stand_in_the_way_but_new_ones_do() {
    let mut bench = bench().await;
    bench.sql("PRAGMA foreign_keys = OFF; INSERT INTO line VALUES ('x', 'nowhere')").await;
    bench.try_change(&[to_int()]).await.expect("rebuilt");
    bench.sql("PRAGMA foreign_keys = OFF; INSERT INTO invoice VALUES ('z', 'nobody', 1)").await;
    let drop = json!({"intent": "drop-foreign-key", "table": "invoice", "columns": ["account"]});
    bench.try_change(&[drop]).await.expect("rebuilt");
    let error = bench.try_change(&[refer("invoice", "account", "account")]).await.expect_err("refused");
    assert!(matches!(error, DbError::Constraint { .. }), "{error:?}");
}

#[tokio::test]
async fn rows_that_do_not_fit_leave_the_table_alone() {
    let mut bench = bench().await;
    bench.sql("INSERT INTO invoice VALUES ('k', 'a', NULL)").await;
    let not_null = json!({"intent": "set-not-null", "table": "invoice", "column": "note"});
    let error = bench.try_change(&[not_null]).await.expect_err("refused");
    assert!(matches!(error, DbError::Constraint { .. }), "{error:?}");
    assert_eq!(bench.number("SELECT count(*) FROM invoice").await, 3);
    assert_eq!(bench.number("SELECT count(*) FROM sqlite_master WHERE name LIKE '%rebuild%'").await, 0);
}

/// SQLite would make 0 of any text. Whoever changes the type has looked, but rows may have come since.
#[tokio::test]
async fn a_value_without_a_counterpart_is_not_converted() {
    let mut bench = bench().await;
    bench.sql("INSERT INTO invoice VALUES ('k', 'a', 'no number')").await;
    let error = bench.try_change(&[to_int()]).await.expect_err("refused");
    let told = error.to_string();
    assert!(told.contains("1 value of \"note\"") && told.contains("such as \"no number\""), "{told}");
    assert_eq!(bench.number("SELECT count(*) FROM invoice WHERE note = 'no number'").await, 1);
}

#[tokio::test]
async fn a_file_is_one_organisations() {
    let bench = bench().await;
    let other = hookwright_core::ident::OrgName::parse("other").expect("a name");
    let db =
        OrgDb::connect(&other, &bench.url, &DbOptions::default(), &Pools::default()).expect("an address");
    assert!(
        matches!(db.prepare(&RetryPolicy::default()).await, Err(DbError::Taken { other, .. }) if other == org().as_str())
    );
    let memory = OrgDb::connect(&other, "sqlite::memory:", &DbOptions::default(), &Pools::default());
    assert!(memory.is_err());
}

#[tokio::test]
async fn many_statements_are_one_change() {
    let mut bench = Bench::new(Dialect::Sqlite).await;
    let tables: Vec<_> = (0..200).map(|number| create(&format!("t{number}"), &[])).collect();
    bench.change(&tables).await;
    assert_eq!(
        bench.number("SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name LIKE 't%'").await,
        200
    );
}

#[tokio::test]
async fn a_change_whose_time_is_over_is_taken_back() {
    let mut bench = bench().await;
    let (plan, schema) = bench.plan(&[create("more", &[]), to_int()]);
    let work = Work { until: Some(Instant::now()), ..bench.work(&plan, &schema) };
    let job = Job::new(Dialect::Sqlite, &work);
    let Pool::Sqlite(pool) = bench.db.pool() else { panic!("a file") };
    let ended = sqlite::attempt(pool, 100, &job).await;
    assert!(matches!(ended, Err(Failure::Found(DbError::OutOfTime { .. }))), "{ended:?}");
    assert_eq!(bench.number("SELECT count(*) FROM sqlite_master WHERE name = 'more'").await, 0);
    let told = execute(&bench.db, work, &bench.retry).await.expect_err("its time is over");
    assert_eq!(told.code(), "host/timeout");
    assert_eq!(bench.number("SELECT revision FROM hookwright_org").await, bench.revision);
    let again = bench.try_change(&[to_int()]).await.expect("there is time");
    assert!(matches!(again, Executed::Applied(_)), "{again:?}");
}
