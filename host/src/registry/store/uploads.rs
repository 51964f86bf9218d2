//! Components that were uploaded lately, counted for all hosts together: one that is refused took time to compile, too.

use std::time::Duration;

use hookwright_core::ident::OrgName;
use jiff::Timestamp;

use super::{Store, fault};
use crate::error::{Error, Result};
use crate::quota::Quota;

const HOUR_MS: i64 = 3_600_000;

impl Store {
    /// Counts an upload, if the organisation may have one more.
    ///
    /// # Errors
    /// `org/uploads`, `host/fault`.
    pub async fn upload(&self, org: &OrgName, bytes: u64, quota: &Quota, now: Timestamp) -> Result<()> {
        let now = now.as_millisecond();
        let mut transaction = self.pool.begin_with("BEGIN IMMEDIATE").await.map_err(fault)?;
        let old = sqlx::query("DELETE FROM upload WHERE at <= ?").bind(now - HOUR_MS);
        old.execute(&mut *transaction).await.map_err(fault)?;
        let query =
            sqlx::query_as("SELECT at, bytes FROM upload WHERE org = ? ORDER BY at").bind(org.as_str());
        let lately: Vec<(i64, i64)> = query.fetch_all(&mut *transaction).await.map_err(fault)?;
        room(org, &lately, bytes, quota, now)?;
        let size = i64::try_from(bytes).unwrap_or(i64::MAX);
        let query =
            sqlx::query("INSERT INTO upload VALUES (?, ?, ?)").bind(org.as_str()).bind(now).bind(size);
        query.execute(&mut *transaction).await.map_err(fault)?;
        transaction.commit().await.map_err(fault)
    }

    /// How many components were uploaded within the last hour, and their bytes.
    ///
    /// # Errors
    /// `host/fault`.
    pub async fn uploads(&self, org: &OrgName, now: Timestamp) -> Result<(u64, u64)> {
        let text = "SELECT count(*), coalesce(sum(bytes), 0) FROM upload WHERE org = ? AND at > ?";
        let query = sqlx::query_as(text).bind(org.as_str()).bind(now.as_millisecond() - HOUR_MS);
        let (count, bytes): (i64, i64) = query.fetch_one(&self.pool).await.map_err(fault)?;
        Ok((count.unsigned_abs(), bytes.unsigned_abs()))
    }
}

/// Whether there is room for one more beside those of the last hour, oldest first.
fn room(org: &OrgName, lately: &[(i64, i64)], bytes: u64, quota: &Quota, now: i64) -> Result<()> {
    let Quota { uploads_per_hour: most, upload_bytes_per_hour: most_bytes, .. } = *quota;
    let fits = |count: usize, used: u64| count < most as usize && used.saturating_add(bytes) <= most_bytes;
    let (count, mut used) = (lately.len(), lately.iter().map(|(_, bytes)| bytes.unsigned_abs()).sum::<u64>());
    if fits(count, used) {
        return Ok(());
    }
    let message = format!(
        "{count} components of {used} bytes were uploaded for the organisation \"{org}\" within the last hour, and this one has {bytes}; the limits are {most} (\"quotas.uploads_per_hour\") and {most_bytes} bytes (\"quotas.upload_bytes_per_hour\")"
    );
    let mut later = None;
    for (gone, (at, bytes)) in lately.iter().enumerate() {
        used = used.saturating_sub(bytes.unsigned_abs());
        if fits(count - gone - 1, used) {
            later = Some(Duration::from_millis((at + HOUR_MS - now).unsigned_abs()));
            break;
        }
    }
    let error = Error::new("org/uploads", message);
    Err(match later {
        Some(wait) => {
            let help = format!("upload it again in {} s, or raise the limit", wait.as_secs_f64().ceil());
            error.after(wait).help(help)
        }
        None => error
            .after(Duration::from_millis(HOUR_MS.unsigned_abs()))
            .help("upload a smaller component, or raise the limit"),
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::store;
    use super::*;
    use crate::config::DatabaseUrl;
    use crate::quota::QuotaConfig;

    #[tokio::test]
    async fn uploads_of_the_last_hour_count() {
        let (store, _dir) = store().await;
        let orgs = ["acme", "other"].map(|name| OrgName::parse(name).expect("a name"));
        for org in &orgs {
            store.org_add(org, &DatabaseUrl::parse("sqlite:a.db").expect("one")).await.expect("added");
        }
        let limits =
            QuotaConfig { uploads_per_hour: 2, upload_bytes_per_hour: 100, ..QuotaConfig::default() };
        let quota = limits.of_org(&orgs[0]);
        let at = |minute: i64| Timestamp::from_second(1_000_000 + minute * 60).expect("a time");
        store.upload(&orgs[0], 60, &quota, at(0)).await.expect("the first");
        let large = store.upload(&orgs[0], 41, &quota, at(10)).await.expect_err("too large");
        assert_eq!((large.code.as_str(), large.retry_after_s()), ("org/uploads", 50 * 60));
        store.upload(&orgs[0], 40, &quota, at(20)).await.expect("the second");
        let third = store.upload(&orgs[0], 0, &quota, at(30)).await.expect_err("too many");
        assert!(third.message.starts_with("2 components of 100 bytes were uploaded"), "{third}");
        assert_eq!((third.entry.status, third.retry_after_s()), (429, 30 * 60));
        store.upload(&orgs[1], 100, &quota, at(30)).await.expect("others have their own");
        store.upload(&orgs[0], 60, &quota, at(60)).await.expect("the first is an hour ago");
        assert_eq!(store.uploads(&orgs[0], at(60)).await.expect("a count"), (2, 100));
        let never = store.upload(&orgs[1], 101, &quota, at(90)).await.expect_err("larger than all");
        assert_eq!(never.retry_after_s(), 60 * 60);
    }
}
