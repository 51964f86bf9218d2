//! Who goes on with a change: a lease in the journal, renewed while its host lives.

use std::time::Duration;

use hookwright_core::ddl::Dialect;
use tokio::task::JoinHandle;

use crate::db::gate::Script;
use crate::db::{DbError, OrgDb, Pool};

/// How long a lease lasts unless it is renewed: longer than a host pauses, shorter than a person waits.
const SECONDS: i64 = 20;
/// How often it is renewed.
const RENEWED: Duration = Duration::from_secs(5);

/// The right to go on with a change, until it is dropped.
#[derive(Debug)]
pub struct Lease {
    host: String,
    renewing: JoinHandle<()>,
}

impl Lease {
    /// Takes a change over, unless a host that lives is at it, or there is nothing left to do.
    ///
    /// # Errors
    /// What the database says.
    pub async fn take(db: &OrgDb, change: &str) -> Result<Option<Self>, DbError> {
        let host = uuid::Uuid::now_v7().simple().to_string();
        if !take(db, change, &host).await? {
            return Ok(None);
        }
        let (db, change, name) = (db.clone(), change.to_owned(), host.clone());
        let renewing = tokio::spawn(async move {
            loop {
                tokio::time::sleep(RENEWED).await;
                match renew(&db, &change, &name).await {
                    Ok(true) => {}
                    // Taken over, or nothing left.
                    Ok(false) => return,
                    Err(error) => tracing::warn!(org = %db.org(), change, %error, "a lease was not renewed"),
                }
            }
        });
        Ok(Some(Self { host, renewing }))
    }

    /// Renews it once; whether it is still held.
    #[cfg(test)]
    pub(in crate::executor) async fn still_ours(&self, db: &OrgDb, change: &str) -> Result<bool, DbError> {
        renew(db, change, &self.host).await
    }

    /// Names the holder.
    pub(super) fn host(&self) -> &str {
        &self.host
    }

    /// Gives it back, so that another host need not wait.
    pub async fn release(self, db: &OrgDb, change: &str) {
        let mut script = Script::new(Dialect::Postgres);
        script.sql("UPDATE hookwright.journal SET lease_until = NULL, lease_by = NULL WHERE org = ");
        script.text(db.org().as_str()).sql(" AND change_id = ").text(change).sql(" AND lease_by = ");
        script.text(&self.host);
        if let Err(error) = execute(db, &script).await {
            tracing::warn!(org = %db.org(), change, %error, "a lease was not given back; it runs out by itself");
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.renewing.abort();
    }
}

/// Whether the change is ours to go on with now. Skips a row that another host is just taking, or whose step is under way.
async fn take(db: &OrgDb, change: &str, host: &str) -> Result<bool, DbError> {
    let mut script = found(db, change);
    script.sql(" AND (lease_until IS NULL OR lease_until < now())");
    leased(&mut script, host).sql("SELECT org FROM leased");
    Ok(!execute(db, &script).await?.is_empty())
}

/// Whether the change is still ours. While a step of ours has the row, nobody else can take it.
async fn renew(db: &OrgDb, change: &str, host: &str) -> Result<bool, DbError> {
    let mut script = found(db, change);
    script.sql(" AND lease_by = ").text(host);
    leased(&mut script, host).sql("SELECT org FROM hookwright.journal WHERE org = ");
    script.text(db.org().as_str()).sql(" AND change_id = ").text(change);
    script.sql(" AND lease_by = ").text(host);
    Ok(!execute(db, &script).await?.is_empty())
}

fn found(db: &OrgDb, change: &str) -> Script {
    let mut script = Script::of(
        Dialect::Postgres,
        "WITH found AS (SELECT org, change_id FROM hookwright.journal WHERE org = ",
    );
    script.text(db.org().as_str()).sql(" AND change_id = ").text(change);
    script
}

fn leased<'s>(script: &'s mut Script, host: &str) -> &'s mut Script {
    script.sql(" FOR UPDATE SKIP LOCKED), leased AS (UPDATE hookwright.journal j SET lease_by = ").text(host);
    script.sql(", lease_until = now() + interval '1 second' * ").integer(SECONDS);
    script.sql(" FROM found f WHERE j.org = f.org AND j.change_id = f.change_id RETURNING j.org) ")
}

async fn execute(db: &OrgDb, script: &Script) -> Result<Vec<sqlx::postgres::PgRow>, DbError> {
    let Pool::Postgres(pool) = db.pool() else { return Ok(Vec::new()) };
    let mut connection = pool.insist().await.map_err(|e| db.explain(e))?;
    script.postgres(&mut connection).await.map_err(|e| db.explain(e))
}
