//! Who asks, where, and with what consent: one extractor for requests of an organisation, one for those that write.
//!
//! The handlers take one of them; they find the host, the organisation and the parts of the path there.

use std::sync::OnceLock;
use std::time::Instant;

use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;
use hookwright_core::event::Change;
use hookwright_core::ident::{Ident, OrgName};

use super::App;
use super::auth::unauthenticated;
use super::extract::{Query, invalid, not_found};
use super::flights::Flight;
use super::observe::Until;
use super::problem::Problem;
use super::submit::{Answer, Around, Consent, IdempotencyKey, Switches, answer};
use crate::access::{Principal, Scope, no_such_org};
use crate::api::SubmitOptions;
use crate::error::{Error, Result};
use crate::host::Host;
use crate::outcome::Outcome;
use crate::plans::Plan;

/// A request of an organisation: its sender, and the parts of its path.
pub(super) struct Caller {
    app: App,
    pub(super) principal: Principal,
    /// When the request is over.
    pub(super) until: Option<Instant>,
    path: RawPathParams,
    /// Counted once it is known that the sender reaches the organisation, for as long as the request is under way.
    flight: OnceLock<Flight>,
}

impl FromRequestParts<App> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let principal = parts.extensions.get::<Principal>().cloned().ok_or_else(unauthenticated)?;
        let path = RawPathParams::from_request_parts(parts, app).await;
        let path = path.map_err(|e| invalid(&e.body_text()))?;
        let until = parts.extensions.get::<Until>().map(|until| until.0);
        Ok(Self { app: app.clone(), principal, until, path, flight: OnceLock::new() })
    }
}

impl Caller {
    pub(super) fn host(&self) -> &Host {
        &self.app.host
    }

    /// The organisation of the path, if the sender reaches it and may do what the scope says, and it has not too many
    /// requests under way.
    pub(super) fn org(&self, scope: Scope) -> Result<OrgName> {
        let org = self.reach(scope)?;
        if self.flight.get().is_none() {
            let flight = self.app.flights.enter(&org)?;
            self.flight.get_or_init(|| flight);
        }
        Ok(org)
    }

    /// The same, however many requests it has under way: for what asks nothing of its database.
    pub(super) fn reach(&self, scope: Scope) -> Result<OrgName> {
        let name = self.part("org")?;
        let org = OrgName::parse(name).map_err(|_| no_such_org(name))?;
        self.principal.on(&org, scope)?;
        Ok(org)
    }

    /// Takes a change to its outcome, or to the end of the request's time.
    pub(super) async fn submit(
        &self,
        org: &OrgName,
        change: Change,
        options: SubmitOptions,
    ) -> Result<Outcome> {
        self.host().submit(org, change, SubmitOptions { until: self.until, ..options }).await
    }

    /// A part of the path, as the route names it.
    pub(super) fn part(&self, key: &'static str) -> Result<&str> {
        let found = self.path.iter().find(|(name, _)| *name == key);
        let none = || Error::new("host/fault", format!("the route has no part \"{key}\""));
        found.map(|(_, value)| value).ok_or_else(none)
    }

    /// The entity or field of the path. What cannot be a name is not there.
    pub(super) fn ident(&self, what: &'static str) -> Result<Ident> {
        let name = self.part(what)?;
        Ident::parse(name).map_err(|_| not_found(what, name))
    }
}

/// A request that writes, from a sender who may: with the switches of its query, and the id of its event.
pub(super) struct Writing<Q = Consent> {
    caller: Caller,
    org: OrgName,
    pub(super) switches: Q,
    key: IdempotencyKey,
}

impl<Q: Switches> FromRequestParts<App> for Writing<Q> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let caller = Caller::from_request_parts(parts, app).await?;
        let Query(switches) = Query::<Q>::from_request_parts(parts, app).await?;
        let org = caller.org(Scope::EventsWrite)?;
        Ok(Self { caller, org, switches, key: IdempotencyKey::of(parts) })
    }
}

impl<Q: Switches> Writing<Q> {
    /// The entity and field of the path, as keys and texts of an event.
    pub(super) fn names(&self, keys: &[&'static str]) -> Result<Vec<(&'static str, &str)>> {
        let name = |key: &&'static str| {
            self.caller.ident(key)?;
            Ok((*key, self.caller.part(key)?))
        };
        keys.iter().map(name).collect()
    }

    /// A part of the path, as the route names it.
    pub(super) fn part(&self, key: &'static str) -> Result<&str> {
        self.caller.part(key)
    }

    /// The id of its event.
    pub(super) fn key(&self) -> &IdempotencyKey {
        &self.key
    }

    /// Carries a plan out, if it is still what it was.
    pub(super) async fn apply(&self, plan: Plan) -> Answer {
        if plan.org != self.org {
            let message =
                format!("the plan is one of the organisation \"{}\", not of \"{}\"", plan.org, self.org);
            return Err(Error::new("request/invalid", message)
                .help("send it to the organisation it was made for")
                .into());
        }
        let change = plan.change()?;
        let mut options = self.switches.options(&self.caller.principal);
        options.plan_hash = Some(plan.plan_hash);
        answer(self.caller.submit(&self.org, change, options).await?)
    }

    /// Sends one event. The change goes on when the sender leaves, until the request's time is up.
    pub(super) async fn send(&self, event: Around<'_>) -> Answer {
        self.submit(event.change(&self.key)?).await
    }

    /// Submits a change of any number of events, in the same way.
    pub(super) async fn submit(&self, change: Change) -> Answer {
        let options = self.switches.options(&self.caller.principal);
        answer(self.caller.submit(&self.org, change, options).await?)
    }
}
