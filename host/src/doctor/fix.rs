//! What `doctor --fix` does: only what is safe, and the host's own.

use hookwright_core::ident::OrgName;

use crate::counted::counted;
use crate::error::Result;
use crate::executor;
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
                let names = self.tenant(org).await?.db().put_parts_back().await?;
                Ok(format!("made {} again", names.join(", ")))
            }
            Fix::Clear => {
                let gone = executor::clear_debris(self.tenant(org).await?.db()).await?;
                Ok(format!("took away {}", counted(gone, "thing")))
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
