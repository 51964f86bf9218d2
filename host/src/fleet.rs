//! The same for many organisations: a canary first, then side by side within bounds, ended when too many fail.
//!
//! Nothing is kept of a roll-out: each organisation's own ledger knows what was done there, so a second run does what
//! the first left.

use std::collections::HashMap;
use std::sync::Arc;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use hookwright_core::ident::OrgName;
use tokio::sync::Semaphore;

/// How a roll-out goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RollOut {
    /// Organisations at the same time.
    pub parallel: usize,
    /// Of them, those on one database server.
    pub per_server: usize,
    /// Organisations that go first; if one fails, no other begins.
    pub canary: usize,
    /// Ends it once so many of a hundred have failed; looked at when ten are done.
    pub stop_at_percent: usize,
}

impl Default for RollOut {
    fn default() -> Self {
        Self { parallel: 8, per_server: 4, canary: 1, stop_at_percent: 20 }
    }
}

/// An organisation of a roll-out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Its name.
    pub org: OrgName,
    /// What tells its database server from others.
    pub server: String,
}

/// What became of one organisation.
#[derive(Debug)]
pub struct Ended<T> {
    /// Its name.
    pub org: OrgName,
    /// What was done; none if the roll-out ended before its turn.
    pub result: Option<T>,
}

/// How far a roll-out is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Count {
    /// Organisations that are done, the failed ones among them.
    pub done: usize,
    /// Those that failed.
    pub failed: usize,
}

impl RollOut {
    /// Does `each` for every organisation, in the order of the list as far as that goes. `failed` says whether a result
    /// is a failure; `told` hears of each.
    pub async fn run<T, F>(
        &self,
        members: Vec<Member>,
        each: impl Fn(OrgName) -> F,
        failed: impl Fn(&T) -> bool,
        mut told: impl FnMut(&OrgName, &T, Count),
    ) -> Vec<Ended<T>>
    where
        F: Future<Output = T>,
    {
        let servers = self.servers(&members);
        let mut waiting = members.into_iter();
        let mut running = FuturesUnordered::new();
        let (mut ended, mut count) = (Vec::new(), Count::default());
        loop {
            while running.len() < self.side_by_side(count)
                && let Some(Member { org, server }) = waiting.next()
            {
                let (seat, work) = (servers[&server].clone(), each(org.clone()));
                running.push(async move {
                    let _seat = seat.acquire_owned().await;
                    (org, work.await)
                });
            }
            let Some((org, result)) = running.next().await else { break };
            count.done += 1;
            count.failed += usize::from(failed(&result));
            told(&org, &result, count);
            ended.push(Ended { org, result: Some(result) });
        }
        ended.extend(waiting.map(|member| Ended { org: member.org, result: None }));
        ended
    }

    /// How many may run now.
    fn side_by_side(&self, Count { done, failed }: Count) -> usize {
        let canary_failed = failed > 0 && done <= self.canary;
        let too_many = failed > 0 && done >= 10 && failed * 100 >= self.stop_at_percent * done;
        match self.canary.checked_sub(done).filter(|left| *left > 0) {
            _ if canary_failed || too_many => 0,
            Some(canaries) => canaries,
            None => self.parallel.max(1),
        }
    }

    fn servers(&self, members: &[Member]) -> HashMap<String, Arc<Semaphore>> {
        let seats = || Arc::new(Semaphore::new(self.per_server.max(1)));
        members.iter().map(|m| (m.server.clone(), seats())).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    fn members(count: usize) -> Vec<Member> {
        let name = |n: usize| OrgName::parse(&format!("org{n}")).expect("a name");
        (0..count).map(|n| Member { org: name(n), server: format!("s{}", n % 2) }).collect()
    }

    /// Runs it; gives how many were at it at most, how many ended, and how many did not begin.
    async fn run(how: RollOut, count: usize, fails: impl Fn(&str) -> bool) -> (usize, usize, usize) {
        let (at_it, most) = (Cell::new(0), Cell::new(0));
        let each = |org: OrgName| {
            let fails = fails(org.as_str());
            let (at_it, most) = (&at_it, &most);
            async move {
                at_it.set(at_it.get() + 1);
                most.set(most.get().max(at_it.get()));
                tokio::task::yield_now().await;
                at_it.set(at_it.get() - 1);
                fails
            }
        };
        let ended = how.run(members(count), each, |failed| *failed, |_, _, _| {}).await;
        let not_begun = ended.iter().filter(|e| e.result.is_none()).count();
        (most.get(), ended.len() - not_begun, not_begun)
    }

    #[tokio::test]
    async fn bounds_hold() {
        let how = RollOut { parallel: 8, per_server: 3, canary: 1, stop_at_percent: 50 };
        assert_eq!(run(how, 40, |_| false).await, (6, 40, 0));
        let how = RollOut { parallel: 2, ..how };
        assert_eq!(run(how, 5, |_| false).await, (2, 5, 0));
    }

    #[tokio::test]
    async fn a_canary_that_fails_ends_it() {
        let how = RollOut { canary: 2, ..RollOut::default() };
        assert_eq!(run(how, 20, |org| org == "org1").await, (2, 2, 18));
        assert_eq!(run(how, 20, |org| org == "org2").await.1, 20);
    }

    #[tokio::test]
    async fn too_many_failures_end_it() {
        let how = RollOut { parallel: 1, stop_at_percent: 50, ..RollOut::default() };
        let (_, done, left) = run(how, 100, |org| org != "org0").await;
        assert_eq!((done, left), (10, 90));
    }
}
