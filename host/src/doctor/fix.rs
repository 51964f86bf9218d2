//! What `doctor --fix` does: only what is safe, and the host's own.

use hookwright_core::ident::OrgName;

use crate::counted::counted;
use crate::db::{DbError, PutBack};
use crate::error::{Error, Result};
use crate::executor::{self, Cleared};
use crate::host::Host;
use crate::trouble::Fix;

impl Host {
    /// Does what may be done about a trouble without asking; says what came of it.
    ///
    /// # Errors
    /// `org/not-found`, or what the database says.
    pub async fn fix(&self, org: &OrgName, fix: &Fix) -> Result<String> {
        match fix {
            Fix::EndSession { pid } => {
                let ended = self.tenant(org).await?.db().end_own(*pid).await?;
                Ok(match ended {
                    true => format!("ended the session {pid}"),
                    false => format!("the session {pid} has gone on or ended by itself; left alone"),
                })
            }
            Fix::PutBack => {
                let PutBack { made, left } =
                    self.tenant(org).await?.db().put_parts_back(&self.config().retry).await?;
                done((!made.is_empty()).then(|| format!("made {} again", made.join(", "))), left)
            }
            Fix::Clear => {
                let tenant = self.tenant(org).await?;
                let Cleared { gone, left } =
                    executor::clear_debris(tenant.db(), &self.config().retry).await?;
                done((gone > 0).then(|| format!("took away {}", counted(gone, "thing"))), left)
            }
            Fix::Resume => {
                let ids = self.resume(org).await?;
                for id in &ids {
                    self.follow(org, id, |_| {}).await?;
                }
                Ok(format!("went on with {}", ids.join(", ")))
            }
        }
    }
}

/// What was done, and what was not and why; the first reason if nothing was.
fn done(said: Option<String>, left: Vec<(String, DbError)>) -> Result<String> {
    let mut left = left.into_iter().map(|(what, error)| (what, Error::from(error)));
    let said = match said {
        Some(said) => said,
        None => {
            left.next().map_or_else(|| Ok("nothing was left to do".to_owned()), |(_, error)| Err(error))?
        }
    };
    let each = left.map(|(what, error)| format!("; left {what} as it is: {}; {}", error.message, error.help));
    Ok(each.fold(said, |said, more| said + &more))
}
