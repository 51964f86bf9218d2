//! Plans of repairs: made now, shown, and carried out later if they are still what they were.

use hookwright_core::event::{Body, Change};
use hookwright_core::ident::OrgName;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::error::{Error, Result};
use crate::outcome::Outcome;

/// One organisation's plan: the event that is to be sent, and what tells its plan from any other.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Plan {
    /// The organisation.
    #[schema(value_type = String)]
    pub org: OrgName,
    /// The event.
    #[schema(value_type = Object)]
    pub event: Json,
    /// Tells the plan from any other (SHA-256, hex).
    pub plan_hash: String,
    /// What would be sent, in order; for people.
    pub statements: Vec<String>,
}

impl Plan {
    /// The change that it is the plan of.
    ///
    /// # Errors
    /// `request/invalid` if it is none of a repair, `event/invalid`.
    pub fn change(&self) -> Result<Change> {
        let change = Change::from_json(self.event.clone())?;
        match change.events.as_slice() {
            [event] if matches!(event.body, Body::SchemaSync { .. }) => Ok(change),
            _ => Err(Error::new("request/invalid", "the event of the plan is no repair (schema.sync)")
                .help("apply a plan as it was made; send other events as events")),
        }
    }

    /// The plan of a dry run.
    #[must_use]
    pub fn of(org: &OrgName, change: &Change, outcome: &Outcome) -> Option<Self> {
        Some(Self {
            org: org.clone(),
            event: change.events.first()?.json.clone(),
            plan_hash: outcome.plan_hash.clone()?,
            statements: statements(outcome),
        })
    }
}

/// All that would be sent, in order: steps of large tables before and after the transaction, too.
#[must_use]
pub fn statements(outcome: &Outcome) -> Vec<String> {
    let steps = |when: &str| {
        let of: Vec<_> = outcome.steps.iter().filter(|step| step.when == when).collect();
        of.into_iter().flat_map(|step| step.sql.clone()).collect::<Vec<_>>()
    };
    let within = outcome.statements.iter().map(|statement| statement.sql.clone()).collect();
    [steps("before"), within, steps("after")].concat()
}
