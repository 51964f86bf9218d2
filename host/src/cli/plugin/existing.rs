//! The entities that are there, once plugins are others: what they would need, shown before or after, and carried out.

use hookwright_core::ident::OrgName;

use super::super::schema::{Asked, Leave, exit};
use super::super::{Context, Exit, print};
use crate::error::Result;
use crate::host::Host;
use crate::host_trial::Trial;

/// What is to be done about them.
#[derive(Debug, clap::Args)]
pub(crate) struct Existing {
    /// Show what the entities that are there would need; change nothing
    #[arg(long, conflicts_with = "sync")]
    pub(super) dry_run: bool,
    /// Make the entities that are there what the plugins call for then
    #[arg(long)]
    sync: bool,
    #[command(flatten)]
    leave: Leave,
}

impl Existing {
    /// The plan, were the plugins others.
    pub(super) async fn tried(&self, host: &Host, cx: &Context, org: &OrgName, trial: Trial) -> Result<Exit> {
        let outcome = host.plugin_trial(org, trial).await?;
        if outcome.intents.is_empty() && outcome.left.is_empty() {
            cx.out.talk("the entities that are there need nothing");
            return Ok(Exit::Done);
        }
        cx.out.one(&outcome, || print::outcome(&outcome, None))?;
        Ok(Exit::Left)
    }

    /// The plan of what the plugins that are bound now call for, shown or carried out.
    pub(super) async fn settled(&self, host: &Host, cx: &Context, org: &OrgName) -> Result<Exit> {
        let sent = Asked::sync(&self.leave, !self.sync).send(host, cx, org).await;
        let (change, outcome) = match sent {
            Ok(None) => return Ok(Exit::Done),
            Ok(Some(done)) => done,
            // The plugin is bound all the same.
            Err(error) if !self.sync => {
                cx.out.talk(&format!(
                    "what the entities that are there need is not known: {}",
                    print::clean(&error.to_string())
                ));
                return Ok(Exit::Left);
            }
            Err(error) => return Err(error),
        };
        if !self.sync {
            cx.out.talk(&format!(
                "the entities that are there are not what the plugins call for now; carry the plan out: hookwright sync --org {org}"
            ));
        }
        cx.out.one(&outcome, || print::outcome(&outcome, Some(&change)))?;
        Ok(if self.sync { exit(&outcome) } else { Exit::Left })
    }
}
