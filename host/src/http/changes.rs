//! The ledger: what was done, newest first.

use axum::Json;
use serde::{Deserialize, Serialize};

use super::advice::of_outcome;
use super::caller::Caller;
use super::extract::Query;
use super::problem::Problem;
use super::schema::OfOrg;
use crate::access::Scope;
use crate::api::{HeldPart, Page};
use crate::error::Error;
use crate::outcome::{ChangeSummary, Outcome};

const DEFAULT_LIMIT: u32 = 50;
const MOST: u32 = 500;

/// Which part of the ledger.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Part {
    /// At most so many, 1 to 500; 50 by default.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u32>,
    /// Only what is older than this revision.
    before: Option<i64>,
    /// What to list: what was applied, by default, or what waits for a decision.
    #[serde(default)]
    #[param(inline)]
    status: Listed,
    /// Of what waits, only what was held before this change.
    before_change: Option<String>,
}

/// What to list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Listed {
    /// Changes that were made.
    #[default]
    Applied,
    /// Changes that wait for a decision, and those that are staged.
    Held,
}

/// A part of the ledger.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct Changes {
    /// Newest first.
    changes: Vec<ChangeSummary>,
    /// Where the older ones are, if there may be any.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// List the changes, newest first; with `status=held` those that wait for a decision or are under way.
#[utoipa::path(
    get, path = "/v1/orgs/{org}/changes", tag = "changes",
    params(OfOrg, Part),
    responses((status = 200, body = Changes))
)]
pub(super) async fn list(caller: Caller, Query(part): Query<Part>) -> Result<Json<Changes>, Problem> {
    let org = caller.org(Scope::ChangesRead)?;
    let limit = part.limit.unwrap_or(DEFAULT_LIMIT);
    if !(1..=MOST).contains(&limit) {
        return Err(Error::new("request/invalid", format!("\"limit\" is {limit}, wanted 1 to {MOST}")).into());
    }
    let path = format!("/v1/orgs/{org}/changes?limit={limit}");
    let (changes, next): (_, fn(&ChangeSummary) -> String) =
        match (part.status, part.before, part.before_change) {
            (Listed::Applied, before, None) => {
                (caller.host().changes(&org, Page { before, limit }).await?, |c| {
                    format!("&before={}", c.revision)
                })
            }
            (Listed::Held, None, before) => {
                let next = |c: &ChangeSummary| format!("&status=held&beforeChange={}", c.change);
                (caller.host().held(&org, HeldPart { before, limit }).await?, next)
            }
            _ => return Err(crossed().into()),
        };
    let full = changes.len() == limit as usize;
    let next = changes.last().filter(|_| full).map(|c| path + &next(c));
    Ok(Json(Changes { changes, next }))
}

fn crossed() -> Error {
    let message = "\"before\" is of what was applied, \"beforeChange\" of what is held";
    Error::new("request/invalid", message).help("give \"beforeChange\" with \"status=held\", else \"before\"")
}

/// Show a change with all that led to it, applied or held.
#[utoipa::path(
    get, path = "/v1/orgs/{org}/changes/{id}", tag = "changes",
    params(OfOrg, ("id" = String, Path)),
    responses((status = 200, body = Outcome))
)]
pub(super) async fn show(caller: Caller) -> Result<Json<Outcome>, Problem> {
    let org = caller.org(Scope::ChangesRead)?;
    Ok(Json(of_outcome(caller.host().change(&org, caller.part("id")?).await?)))
}
