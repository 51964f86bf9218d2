//! `hookwright apply`: carries plans out, if they are still what they were.

use std::path::{Path, PathBuf};

use hookwright_core::event::Change;
use hookwright_core::ident::OrgName;

use super::fleet::{self, Step};
use super::schema::{self, Leave, What};
use super::{Context, Exit, print, read};
use crate::error::{Error, Result};
use crate::host::Host;
use crate::outcome::Outcome;
use crate::plans::Plan;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  hookwright plan --org acme-corp --out plan.json
  hookwright apply plan.json
  hookwright apply plan.json --allow-destructive --canary 5
  hookwright apply --org acme-corp --yes       at once, as \"hookwright sync\" does

Each organisation's plan is worked out anew; if it is another one than the file's, nothing of it runs. A plan that was
applied already is answered from the ledger, so a file can be applied again.

Exit status: 0 done, 1 error, 3 work is left: held, or the world moved since the plan was made.")]
#[command(
    override_usage = "hookwright apply [OPTIONS] <PLAN>\n       hookwright apply [OPTIONS] <--org <NAME>|--all>"
)]
#[command(mut_arg("org", |org| org.required_unless_present("file")))]
pub(crate) struct Arguments {
    /// The plans, as "hookwright plan --out" wrote them; without it they are worked out now
    #[arg(value_name = "PLAN", id = "file", conflicts_with_all = ["org", "all", "entity", "extras"])]
    file: Option<PathBuf>,
    #[command(flatten)]
    what: What,
}

pub(crate) async fn run(arguments: Arguments, cx: Context) -> Result<Exit> {
    let Arguments { file, what } = arguments;
    let Some(file) = file else { return what.run("schema.sync", false, &cx).await };
    let (plans, leave, pace) = (plans(&file)?, what.leave, what.orgs.pace);
    let host = cx.host().await?;
    if let [plan] = plans.as_slice() {
        let (change, outcome) = apply(&host, &cx, plan, &leave).await?;
        cx.out.one(&outcome, || print::outcome(&outcome, Some(&change)))?;
        return Ok(schema::exit(&outcome));
    }
    let each = |org: OrgName| {
        let (host, cx, leave) = (&host, &cx, &leave);
        let plan = plans.iter().find(|plan| plan.org == org);
        async move {
            match plan {
                Some(plan) => Ok(schema::step(Some(apply(host, cx, plan, leave).await?))),
                None => Ok(Step { report: None, word: "without a plan".to_owned(), left: None }),
            }
        }
    };
    let members = fleet::members(&host, |org| plans.iter().any(|plan| plan.org == *org)).await?;
    pace.each(members, &cx, each).await
}

/// The plans of a file, one at least.
pub(super) fn plans(file: &Path) -> Result<Vec<Plan>> {
    let invalid =
        |what: String| Error::new("plan/invalid", format!("the file \"{}\" {what}", file.display()));
    let plans: Vec<Plan> = serde_json::from_slice(&read(file)?)
        .map_err(|e| invalid(format!("is none that \"hookwright plan --out\" wrote: {e}")))?;
    match plans.is_empty() {
        true => Err(invalid("has no plan in it: there was nothing to do when it was written".to_owned())
            .coded("plan/empty")
            .help("see what there is to do now: hookwright plan --org NAME")),
        false => Ok(plans),
    }
}

async fn apply(host: &Host, cx: &Context, plan: &Plan, leave: &Leave) -> Result<(Change, Outcome)> {
    let change = plan.change()?;
    let mut options = leave.options(false);
    options.plan_hash = Some(plan.plan_hash.clone());
    let outcome = schema::submit(host, cx, &plan.org, &change, options).await?;
    Ok((change, outcome))
}
