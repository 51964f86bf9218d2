//! Waits for a moment at which a lock can be had, without standing in anybody's way meanwhile.

use std::collections::BTreeSet;
use std::time::Duration;

use hookwright_core::ident::Ident;

use super::Work;
use crate::db::DbError;

/// How often to look.
const LOOK: Duration = Duration::from_millis(500);
/// After so many looks it is tried all the same.
const LOOKS: u32 = 60;
/// Seconds after which a transaction counts as a long one.
const LONG: i64 = 1;

/// Waits until no long transaction has a lock on the change's tables, or somebody decided against it: at most half a minute.
pub(crate) async fn calm(work: &Work<'_>) -> Result<(), DbError> {
    let steps = work.db.steps(work.change).await?;
    let tables: BTreeSet<Ident> = steps.iter().map(|row| row.step.table().clone()).collect();
    let tables: Vec<_> = tables.into_iter().collect();
    for _ in 0..LOOKS {
        tokio::time::sleep(LOOK).await;
        let decided = work.db.held(work.change).await?.is_none_or(|row| !row.is_staged());
        if decided || !work.db.blockers(&tables).await?.iter().any(|b| b.seconds >= LONG) {
            break;
        }
    }
    Ok(())
}
