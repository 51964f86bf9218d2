//! `hookwright demo`: the main job on a database of its own, then serving it.

use hookwright_core::event::Change;
use hookwright_core::ident::OrgName;

use super::serve::serve;
use super::{Context, Exit, print};
use crate::api::{OrgOptions, SubmitOptions};
use crate::error::{Error, Result};
use crate::host::Host;

const EVENTS: &str = include_str!("demo.jsonl");

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// End after the events instead of serving
    #[arg(long)]
    once: bool,
}

pub(crate) async fn run(arguments: Arguments, mut cx: Context) -> Result<Exit> {
    let fault = |e| Error::new("host/fault", "no temporary directory could be made").because(e);
    let directory = tempfile::tempdir().map_err(fault)?;
    cx.config.control.database = directory.path().join("control.db");
    let host = Host::start(cx.config.clone()).await?;
    let org = OrgName::parse("acme-corp").map_err(|e| Error::new("host/fault", e.to_string()))?;
    let database = format!("sqlite:{}", directory.path().join("acme.db").display());
    host.org_add(&org, &database, OrgOptions::default()).await?;
    for line in EVENTS.lines() {
        let change = Change::parse(line.as_bytes())?;
        let outcome = host.submit(&org, change.clone(), SubmitOptions::default()).await?;
        match cx.out.is_json() {
            true => cx.out.json(&outcome)?,
            false => cx.out.text(&print::outcome(&outcome, Some(&change)))?,
        }
    }
    match arguments.once {
        true => Ok(Exit::Done),
        false => serve(host, &cx).await,
    }
}
