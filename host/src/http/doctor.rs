//! What is wrong with an organisation, by cause.

use axum::Json;

use super::caller::Caller;
use super::problem::Problem;
use super::schema::OfOrg;
use crate::access::Scope;
use crate::doctor::Examined;

/// Look for everything that is wrong with an organisation; its database is only read.
///
/// A database that does not answer is no error here: the answer says why.
#[utoipa::path(
    get, path = "/v1/orgs/{org}/doctor", tag = "drift",
    params(OfOrg),
    responses((status = 200, body = Examined))
)]
pub(super) async fn examine(caller: Caller) -> Result<Json<Examined>, Problem> {
    let org = caller.org(Scope::Admin)?;
    Ok(Json(caller.host().examine(&org, false).await?))
}
