//! The numbers that change with what hosts remember of the control database, read once for all who ask at the same time,
//! and what is remembered for as long as one of them stays the same.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex as StdMutex, PoisonError};

use sqlx::SqlitePool;
use tokio::sync::Mutex;

use super::failing;
use crate::error::Result;

/// The numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, sqlx::FromRow)]
pub(super) struct Numbers {
    /// Changes with organisations, plugins, and what belongs to them.
    #[sqlx(rename = "number")]
    pub registry: i64,
    /// Changes with tokens.
    pub tokens: i64,
}

/// Reads the numbers. Whoever waits for a read that began before he asked takes part in the next one, so that nobody is
/// given what was true before he asked.
#[derive(Debug)]
pub(super) struct Generation {
    /// Reads that began.
    begun: AtomicU64,
    /// The last read that ended, and what it found. A failure is everybody's, too: who waited need not wait for another.
    ended: Mutex<(u64, Result<Numbers, Arc<sqlx::Error>>)>,
}

impl Default for Generation {
    fn default() -> Self {
        Self { begun: AtomicU64::new(0), ended: Mutex::new((0, Ok(Numbers::default()))) }
    }
}

impl Generation {
    pub async fn read(&self, pool: &SqlitePool) -> Result<Numbers> {
        let wanted = self.begun.load(Ordering::SeqCst) + 1;
        let mut ended = self.ended.lock().await;
        if ended.0 < wanted {
            let this = self.begun.fetch_add(1, Ordering::SeqCst) + 1;
            let numbers = sqlx::query_as("SELECT number, tokens FROM generation").fetch_one(pool).await;
            *ended = (this, numbers.map_err(Arc::new));
        }
        ended.1.clone().map_err(|error| failing::of(&error).because(error))
    }
}

/// Rows of the control database by their keys, as they were at one generation.
#[derive(Debug)]
pub(super) struct Remembered<T> {
    rows: StdMutex<(i64, HashMap<String, T>)>,
}

impl<T> Default for Remembered<T> {
    fn default() -> Self {
        Self { rows: StdMutex::new((0, HashMap::new())) }
    }
}

impl<T: Clone> Remembered<T> {
    /// A row, if it was seen at this generation.
    pub fn get(&self, generation: i64, key: &str) -> Option<T> {
        let rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        (rows.0 == generation).then(|| rows.1.get(key).cloned()).flatten()
    }

    /// Remembers a row that was read after the generation was. Nothing is kept of one that is over.
    pub fn put(&self, generation: i64, key: &str, row: T) {
        let mut rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        if rows.0 < generation {
            *rows = (generation, HashMap::new());
        }
        if rows.0 == generation {
            rows.1.insert(key.to_owned(), row);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::store;
    use super::*;

    #[tokio::test]
    async fn each_sees_what_was_there_before_he_asked() {
        let (store, _dir) = store().await;
        let set = async |number: i64| {
            let query = sqlx::query("UPDATE generation SET number = ?").bind(number);
            query.execute(&store.pool).await.expect("set");
        };
        let readers = || {
            (0..50).map(|_| {
                tokio::spawn({
                    let store = store.clone();
                    async move { store.generation().await.expect("read") }
                })
            })
        };
        for number in 10..30 {
            set(number).await;
            let asked: Vec<_> = readers().collect();
            for reader in asked {
                assert_eq!(reader.await.expect("no panic"), number);
            }
        }
    }

    #[tokio::test]
    async fn a_failure_is_told_to_all_who_waited_and_to_nobody_else() {
        let (store, _dir) = store().await;
        let away = |to: &'static str| sqlx::query(to).execute(&store.pool);
        away("ALTER TABLE generation RENAME TO elsewhere").await.expect("renamed");
        let readers: Vec<_> = (0..20)
            .map(|_| {
                let store = store.clone();
                tokio::spawn(async move { store.generation().await })
            })
            .collect();
        for reader in readers {
            assert_eq!(reader.await.expect("no panic").expect_err("fails").code, "host/fault");
        }
        away("ALTER TABLE elsewhere RENAME TO generation").await.expect("renamed");
        assert!(store.generation().await.expect("read") > 0);
    }

    #[tokio::test]
    async fn a_token_is_no_matter_of_organisations() {
        let (store, _dir) = store().await;
        let before = store.numbers().await.expect("read");
        let bump = sqlx::query(
            "INSERT INTO token (id, name, hash, orgs, scopes, created_at) VALUES ('t', 'n', x'00', '[]', '[]', 'now')",
        );
        bump.execute(&store.pool).await.expect("added");
        let after = store.numbers().await.expect("read");
        assert_eq!((after.registry, after.tokens), (before.registry, before.tokens + 1));
    }

    #[tokio::test]
    async fn a_read_that_is_given_up_keeps_nobody() {
        let (store, _dir) = store().await;
        let taken = store.pool.acquire().await;
        for _ in 0..5 {
            let reading = store.generation();
            drop(Box::pin(reading));
        }
        drop(taken);
        assert!(store.generation().await.expect("read") > 0);
    }

    #[test]
    fn nothing_is_remembered_longer() {
        let rows = Remembered::default();
        rows.put(3, "a", 1);
        assert_eq!((rows.get(3, "a"), rows.get(3, "b"), rows.get(4, "a")), (Some(1), None, None));
        rows.put(4, "b", 2);
        rows.put(3, "a", 1);
        assert_eq!((rows.get(4, "b"), rows.get(4, "a"), rows.get(3, "a")), (Some(2), None, None));
    }
}
