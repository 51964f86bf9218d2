//! Requests under way, by organisation: one whose requests hang does not take up what the others need.
//!
//! Counted in `caller.rs`, once it is known that the sender reaches the organisation.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hookwright_core::ident::OrgName;

use crate::error::{Error, Result};

/// Requests under way.
pub(super) struct Flights {
    most: usize,
    now: Mutex<HashMap<OrgName, usize>>,
}

/// A request that is under way until this is dropped.
pub(super) struct Flight {
    flights: Arc<Flights>,
    org: OrgName,
}

impl Flights {
    pub(super) fn new(most: usize) -> Arc<Self> {
        Arc::new(Self { most, now: Mutex::default() })
    }

    /// Takes a request in, if the organisation has not too many.
    pub(super) fn enter(self: &Arc<Self>, org: &OrgName) -> Result<Flight> {
        let mut now = self.now();
        let count = now.get(org).copied().unwrap_or_default();
        if count >= self.most {
            let message = format!("{count} requests of the organisation \"{org}\" are under way already");
            return Err(Error::new("org/overloaded", message));
        }
        now.insert(org.clone(), count + 1);
        Ok(Flight { flights: self.clone(), org: org.clone() })
    }

    fn now(&self) -> MutexGuard<'_, HashMap<OrgName, usize>> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        let mut now = self.flights.now();
        match now.get_mut(&self.org) {
            Some(count) if *count > 1 => *count -= 1,
            _ => drop(now.remove(&self.org)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_organisation_leaves_the_others_theirs() {
        let org = |name: &str| OrgName::parse(name).expect("a name");
        let flights = Flights::new(2);
        let first = flights.enter(&org("acme")).expect("room");
        let _second = flights.enter(&org("acme")).expect("room");
        let refused = flights.enter(&org("acme")).err().expect("no room");
        assert_eq!((refused.code.as_str(), refused.entry.status), ("org/overloaded", 503));
        drop(flights.enter(&org("other")).expect("room for others"));
        assert_eq!(flights.now().len(), 1);
        drop(first);
        assert!(flights.enter(&org("acme")).is_ok());
    }
}
