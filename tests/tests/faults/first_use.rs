//! The connection is cut at every protocol message of the making of the bookkeeping.

use hookwright::db::{BOOKKEEPING_VERSION, DbError, DbOptions, OrgDb, Pools};
use hookwright::executor::RetryPolicy;
use hookwright_core::ident::OrgName;
use hookwright_tests::org::name;
use hookwright_tests::postgres::TestDatabase;
use hookwright_tests::proxy::{Cut, Proxy, Seen};

use crate::rig::places;

struct Fresh {
    database: TestDatabase,
    proxy: Proxy,
    org: OrgName,
    retry: RetryPolicy,
}

impl Fresh {
    async fn prepare(&self) -> Result<OrgDb, DbError> {
        let url = self.proxy.url(self.database.url());
        let db = OrgDb::connect(&self.org, &url, &DbOptions::default(), &Pools::default())?;
        db.prepare(&self.retry).await?;
        Ok(db)
    }

    /// The first use of an empty database.
    async fn first_use(&self, cut: Option<Cut>) -> Seen {
        self.empty().await;
        match cut {
            Some(cut) => self.proxy.arm(cut),
            None => self.proxy.watch(),
        }
        let first = self.prepare().await;
        let seen = self.proxy.disarm();
        if let Err(error) = first {
            panic!("{cut:?} of {seen}: {error:?}");
        }
        let db = self.prepare().await.unwrap();
        assert_eq!(db.snapshot().await.unwrap().revision, 0);
        let mut direct = self.database.connect().await;
        let versions: Vec<i64> =
            sqlx::query_scalar("SELECT version FROM hookwright.meta").fetch_all(&mut direct).await.unwrap();
        assert_eq!(versions, (1..=BOOKKEEPING_VERSION).collect::<Vec<_>>(), "{cut:?}");
        seen
    }

    async fn empty(&self) {
        let mut direct = self.database.connect().await;
        let drop = "SET client_min_messages = error; DROP SCHEMA IF EXISTS hookwright, acme CASCADE";
        sqlx::raw_sql(drop).execute(&mut direct).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_bookkeeping_is_made_whole_wherever_its_connection_is_cut() {
    let database = TestDatabase::create().await;
    let proxy = Proxy::start(database.url()).await;
    // The session of a connection that was cut may hold its lock for a moment.
    let retry =
        RetryPolicy { lock_attempts: 200, lock_base_ms: 2, lock_max_ms: 20, ..RetryPolicy::default() };
    let fresh = Fresh { database, proxy, org: name("acme"), retry };
    let seen = fresh.first_use(None).await.to_the_last_answer();
    let cuts = places(&seen);
    eprintln!("{} cuts of {seen}", cuts.len());
    for cut in cuts {
        let again = fresh.first_use(Some(cut)).await;
        assert!(again.cut, "{cut:?} of {again}");
    }
}
