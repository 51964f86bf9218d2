//! What is wrong with an organisation, by cause.

use axum::Json;

use super::advice::spoken;
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
    let mut examined = caller.host().examine(&org, false).await?;
    for trouble in examined.checks.iter_mut().flat_map(|check| &mut check.troubles) {
        trouble.next = spoken(&trouble.next, &org);
    }
    Ok(Json(examined))
}
