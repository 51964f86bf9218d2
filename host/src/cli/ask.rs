//! One event that a command makes itself, sent and shown: what `restore`, `purge` and `rollback` have in common.

use hookwright_core::event::Change;
use hookwright_core::ident::OrgName;
use serde_json::{Value as Json, json};

use super::{Context, Exit, org_name, print};
use crate::api::SubmitOptions;
use crate::error::Result;
use crate::host::Host;

/// What every such command takes.
#[derive(Debug, clap::Args)]
pub(super) struct Asking {
    /// The organisation
    #[arg(long, value_parser = org_name, value_name = "NAME")]
    pub(super) org: OrgName,
    /// Who asks
    #[arg(long = "as", value_name = "ACTOR")]
    pub(super) actor: Option<String>,
    /// Work it out and change nothing
    #[arg(long)]
    pub(super) dry_run: bool,
    /// What needs a confirmation may run
    #[arg(long)]
    pub(super) confirm: bool,
    /// What destroys data may run
    #[arg(long)]
    pub(super) allow_destructive: bool,
}

/// `ENTITY` or `ENTITY.FIELD`.
#[derive(Debug, Clone)]
pub(super) struct Target {
    entity: String,
    field: Option<String>,
}

pub(super) fn target(text: &str) -> std::result::Result<Target, String> {
    let (entity, field) = match text.split_once('.') {
        Some((entity, field)) => (entity, Some(field)),
        None => (text, None),
    };
    let name = |text: &str| hookwright_core::ident::Ident::parse(text).map_err(|e| e.to_string());
    name(entity)?;
    field.map(name).transpose()?;
    Ok(Target { entity: entity.to_owned(), field: field.map(str::to_owned) })
}

impl Target {
    /// An event about it: `entity.ACTION` or `field.ACTION`.
    pub(super) fn event(&self, action: &str, kept: Option<&str>) -> Json {
        let mut event = json!({"type": format!("entity.{action}"), "entity": self.entity});
        if let Some(field) = &self.field {
            event["type"] = format!("field.{action}").into();
            event["field"] = field.as_str().into();
        }
        if let Some(kept) = kept {
            event["kept"] = kept.into();
        }
        event
    }
}

/// Sends an event with an id of its own, and shows what became of it.
pub(super) async fn send(host: &Host, cx: &Context, asking: &Asking, mut event: Json) -> Result<Exit> {
    if let Some(actor) = &asking.actor {
        event["actor"] = actor.as_str().into();
    }
    let change = identified(host, &asking.org, event).await?;
    let &Asking { dry_run, confirm, allow_destructive, .. } = asking;
    let options =
        SubmitOptions { dry_run, confirm, allow_destructive, actor: None, plan_hash: None, until: None };
    let outcome = super::schema::submit(host, cx, &asking.org, &change, options).await?;
    cx.out.one(&outcome, || print::outcome(&outcome, Some(&change)))?;
    Ok(super::schema::exit(&outcome))
}

/// An event with an id: that of the same one that is held, so that it is settled and not asked for twice; else a new one.
pub(super) async fn identified(host: &Host, org: &OrgName, mut event: Json) -> Result<Change> {
    event["id"] = uuid::Uuid::now_v7().to_string().into();
    let change = Change::from_json(event.clone())?;
    if let Some(id) = host.held_as(org, &change).await? {
        event["id"] = id.into();
        return Ok(Change::from_json(event)?);
    }
    Ok(change)
}
