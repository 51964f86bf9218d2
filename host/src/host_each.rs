//! The same for every organisation of the host, beside its ordinary work: side by side, so that one whose database does
//! not answer holds up none of the others. What a serving host does when it begins and now and then goes through here.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hookwright_core::ident::OrgName;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::host::Host;

/// Organisations at the same time.
const SIDE_BY_SIDE: usize = 16;
/// After that an organisation goes on without keeping others waiting.
const PROMPT: Duration = Duration::from_secs(2);
/// After that it is left for the next time.
const LIMIT: Duration = Duration::from_secs(600);

impl Host {
    /// Does `each` for every organisation, and tells the log of those that did not come to an end. Dropped, it ends.
    pub(crate) async fn each_org<F>(&self, what: &'static str, each: impl Fn(Self, OrgName) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let orgs = match self.org_list().await {
            Ok(orgs) => orgs,
            Err(error) => return tracing::warn!(what, %error, "the organisations are not known"),
        };
        let seats = Arc::new(Semaphore::new(SIDE_BY_SIDE));
        let mut running = JoinSet::new();
        for org in orgs.into_iter().map(|org| org.name) {
            let seat = seats.clone().acquire_owned().await;
            let work = each(self.clone(), org.clone());
            running.spawn(async move {
                let mut work = pin!(tokio::time::timeout(LIMIT, work));
                let ended = match tokio::time::timeout(PROMPT, &mut work).await {
                    Ok(ended) => ended,
                    Err(_) => {
                        drop(seat);
                        work.await
                    }
                };
                if ended.is_err() {
                    tracing::warn!(%org, what, "it did not come to an end within {} s", LIMIT.as_secs());
                }
            });
        }
        while running.join_next().await.is_some() {}
    }
}
