//! The bookkeeping's tables and functions, as literals of SQL, one file a version. `postgres` and `sqlite` install
//! them: from nothing on, or from the version that is there.

mod shape;
mod v1;
mod v2;
mod v3;
mod v4;
mod v5;
mod v6;
mod v7;
mod v8;

pub(super) use shape::{FUNCTIONS, POSTGRES_TABLES, SQLITE_TABLES, Tables};

/// What brings PostgreSQL's bookkeeping from each version to the next, from nothing on.
pub(super) const POSTGRES: &[&str] = &[
    v1::POSTGRES,
    v2::POSTGRES,
    v3::POSTGRES,
    v4::POSTGRES,
    v5::POSTGRES,
    v6::POSTGRES,
    v7::POSTGRES,
    v8::POSTGRES,
];

/// The same for SQLite's.
pub(super) const SQLITE: &[&str] =
    &[v1::SQLITE, v2::SQLITE, v3::SQLITE, v4::SQLITE, v5::SQLITE, v6::SQLITE, v7::SQLITE, v8::SQLITE];

#[cfg(test)]
mod tests {
    use hookwright_core::ddl::Dialect;
    use sqlx::postgres::PgConnection;
    use sqlx::sqlite::SqliteConnection;
    use sqlx::{ConnectOptions, Connection, Row};

    use super::*;
    use crate::db::gate::Script;
    use crate::db::{BOOKKEEPING_VERSION, ChangePage, DbOptions, HeldPage, OrgDb, Pools};
    use crate::executor::RetryPolicy;
    use crate::executor::testing::{fresh_postgres, org};

    const CHANGE_POSTGRES: &str = "INSERT INTO hookwright.org (org, revision) VALUES ('acme-corp', 1); \
        INSERT INTO hookwright.event VALUES ('acme-corp', 'e-1', 'c-1', 'd', '{}'); CREATE SCHEMA \"acme-corp\"; \
        INSERT INTO hookwright.change (org, id, revision, status, summary, outcome) \
        VALUES ('acme-corp', 'c-1', 1, 'applied', '{}', '{}');";
    const CHANGE_SQLITE: &str = "INSERT INTO hookwright_org (org, revision) VALUES ('acme-corp', 1); \
        INSERT INTO hookwright_event VALUES ('acme-corp', 'e-1', 'c-1', 'd', '{}'); \
        INSERT INTO hookwright_change (org, id, revision, status, summary, outcome) \
        VALUES ('acme-corp', 'c-1', 1, 'applied', '{}', '{}');";

    #[test]
    fn there_is_a_step_for_each_version() {
        let known = usize::try_from(BOOKKEEPING_VERSION).expect("small");
        assert_eq!((POSTGRES.len(), SQLITE.len()), (known, known));
    }

    /// Two hosts that meet bring a database of version 1 to this one; what it has stays.
    async fn migrated(url: &str) -> OrgDb {
        let host =
            || OrgDb::connect(&org(), url, &DbOptions::default(), &Pools::default()).expect("an address");
        let (one, two, retry) = (host(), host(), RetryPolicy::default());
        let (first, second) = tokio::join!(one.prepare(&retry), two.prepare(&retry));
        first.and(second).expect("prepared");
        one.prepare(&retry).await.expect("prepared again");
        assert_eq!(one.check().await.expect("checked").bookkeeping, Some(BOOKKEEPING_VERSION));
        let page = one.changes(ChangePage { before: None, limit: 9 }).await.expect("read");
        assert_eq!(
            (page.len(), page[0].id.as_str(), one.point().await.expect("read").revision),
            (1, "c-1", 1)
        );
        assert_eq!(one.undo("c-1").await.expect("read").map(|row| row.undo), Some(None));
        assert_eq!(one.tombstones(30).await.expect("read"), []);
        assert_eq!(one.held_changes(&HeldPage { before: None, limit: 9 }).await.expect("read"), []);
        one
    }

    #[tokio::test]
    async fn a_postgres_of_version_1_is_migrated() {
        let url = fresh_postgres().await;
        let mut connection = PgConnection::connect(&url).await.expect("connected");
        let mut script = Script::of(Dialect::Postgres, POSTGRES[0]);
        script.sql(CHANGE_POSTGRES).postgres(&mut connection).await.expect("version 1");
        let db = migrated(&url).await;
        // A host of version 1 that is still running goes on, but lets nothing pass that is held.
        let mut claim = Script::new(Dialect::Postgres);
        claim
            .sql("SELECT hookwright.claim('acme-corp', ")
            .integer(db.lock_key())
            .sql(", 1, 'a', ARRAY['e-2'])");
        claim.postgres(&mut connection).await.expect("claimed as before");
        let hold = "INSERT INTO hookwright.held_event VALUES ('acme-corp', 'e-2', 'c-2')";
        Script::of(Dialect::Postgres, hold).postgres(&mut connection).await.expect("held");
        let error = claim.postgres(&mut connection).await.expect_err("held");
        assert_eq!(error.as_database_error().and_then(|e| e.code()).as_deref(), Some("HW005"));
    }

    /// With many organisations that have the same few events, the planner believes that it meets one soon.
    #[tokio::test]
    async fn a_claim_goes_through_no_ledger() {
        let url = fresh_postgres().await;
        let db = OrgDb::connect(&org(), &url, &DbOptions::default(), &Pools::default()).expect("an address");
        db.prepare(&RetryPolicy::default()).await.expect("prepared");
        let mut connection = PgConnection::connect(&url).await.expect("connected");
        let many = "INSERT INTO hookwright.event SELECT 'org' || o, 'e' || e, 'c', 'd', '{}' \
            FROM generate_series(1, 500) o, generate_series(1, 20) e; ANALYZE hookwright.event";
        Script::of(Dialect::Postgres, many).postgres(&mut connection).await.expect("filled");
        let mut claim =
            Script::of(Dialect::Postgres, "BEGIN; SELECT hookwright.claim('org7', 7, NULL, 'a', ");
        claim.sql(
            "ARRAY['new', 'newer'], NULL); SELECT pg_stat_get_xact_numscans('hookwright.event'::regclass)",
        );
        let rows = claim.postgres(&mut connection).await.expect("claimed");
        let scans: i64 = rows.last().expect("a count").get(0);
        assert_eq!(scans, 0);
    }

    #[tokio::test]
    async fn a_sqlite_of_version_1_is_migrated() {
        let directory = tempfile::tempdir().expect("a directory");
        let file = directory.path().join("org.db");
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&file).create_if_missing(true);
        let mut connection: SqliteConnection = options.connect().await.expect("made");
        let mut script = Script::of(Dialect::Sqlite, SQLITE[0]);
        script.sql(CHANGE_SQLITE).sqlite(&mut connection).await.expect("version 1");
        connection.close().await.expect("closed");
        migrated(&format!("sqlite://{}", file.display())).await;
    }
}
