//! Changes of the schema that no event of the metadata asks for, for one organisation or many: what `plan`, `apply`,
//! `sync` and `adopt` have in common.

use hookwright_core::drift::Scope;
use hookwright_core::event::Change;
use hookwright_core::ident::{Ident, OrgName};
use serde_json::{Value as Json, json};

use super::fleet::{Orgs, Step};
use super::{Context, Exit, print};
use crate::api::SubmitOptions;
use crate::drift::Finding;
use crate::error::Result;
use crate::host::Host;
use crate::outcome::{Outcome, Status};

/// What is to be brought together, where, and what may be done for it.
#[derive(Debug, clap::Args)]
pub(super) struct What {
    #[command(flatten)]
    pub(super) orgs: Orgs,
    #[command(flatten)]
    part: Part,
    #[command(flatten)]
    pub(super) leave: Leave,
}

/// The same, carried out unless only its plan is wanted.
#[derive(Debug, clap::Args)]
pub(super) struct Repairing {
    #[command(flatten)]
    what: What,
    /// Work it out and change nothing
    #[arg(long)]
    dry_run: bool,
}

/// What of an organisation.
#[derive(Debug, Clone, clap::Args)]
struct Part {
    /// One entity
    #[arg(long, value_parser = name, value_name = "ENTITY")]
    entity: Option<Ident>,
    /// One field of it
    #[arg(long, value_parser = name, value_name = "FIELD", requires = "entity")]
    field: Option<Ident>,
    /// What others added to tables, and nothing calls for, too
    #[arg(long)]
    extras: bool,
}

/// What may be done.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Leave {
    /// Who asks
    #[arg(long = "as", value_name = "ACTOR")]
    actor: Option<String>,
    /// What needs a confirmation may run
    #[arg(long, visible_alias = "yes")]
    confirm: bool,
    /// What destroys data may run
    #[arg(long)]
    allow_destructive: bool,
}

/// A change of the schema.
pub(super) struct Asked {
    /// Its event, without an id.
    pub event: Json,
    pub scope: Scope,
    pub options: SubmitOptions,
    /// Whether one organisation of several may lack what the scope names.
    is_of_many: bool,
}

fn name(text: &str) -> std::result::Result<Ident, String> {
    Ident::parse(text).map_err(|e| e.to_string())
}

impl Part {
    fn scope(&self) -> Scope {
        Scope {
            table: self.entity.clone(),
            column: self.field.clone(),
            extras: self.extras,
            loosening: false,
        }
    }
}

impl Leave {
    pub(super) fn options(&self, dry_run: bool) -> SubmitOptions {
        let &Self { confirm, allow_destructive, .. } = self;
        SubmitOptions { dry_run, confirm, allow_destructive, ..SubmitOptions::default() }
    }
}

impl Repairing {
    /// Sends the event of a kind to each organisation that is meant.
    pub(super) async fn run(self, kind: &str, cx: &Context) -> Result<Exit> {
        self.what.run(kind, self.dry_run, cx).await
    }
}

impl What {
    /// The same.
    pub(super) async fn run(self, kind: &str, dry_run: bool, cx: &Context) -> Result<Exit> {
        let host = cx.host().await?;
        self.asked(kind, dry_run).run(&host, cx, &self.orgs).await
    }

    pub(super) fn asked(&self, kind: &str, dry_run: bool) -> Asked {
        let is_of_many = self.orgs.single().is_none();
        Asked { is_of_many, ..Asked::new(kind, &self.part, &self.leave, dry_run) }
    }
}

impl Asked {
    /// A repair of all that there is.
    pub fn sync(leave: &Leave, dry_run: bool) -> Self {
        Self::new("schema.sync", &Part { entity: None, field: None, extras: false }, leave, dry_run)
    }

    fn new(kind: &str, part: &Part, leave: &Leave, dry_run: bool) -> Self {
        let scope = part.scope();
        let mut event = json!({"type": kind});
        let text = |name: &Ident| Json::from(name.as_str());
        let given = [
            ("entity", scope.table.as_ref().map(text)),
            ("field", scope.column.as_ref().map(text)),
            ("extras", scope.extras.then(|| true.into())),
            ("actor", leave.actor.as_deref().map(Json::from)),
        ];
        for (key, value) in given {
            if let Some(value) = value {
                event[key] = value;
            }
        }
        Self { event, scope, options: leave.options(dry_run), is_of_many: false }
    }

    /// Sends it, unless there is nothing to do.
    pub async fn send(&self, host: &Host, cx: &Context, org: &OrgName) -> Result<Option<(Change, Outcome)>> {
        let drift = host.drift(org).await?;
        if self.is_of_many && drift.unknown(&self.scope).is_some() {
            return Ok(None);
        }
        crate::drift::reached(&drift, &self.scope)?;
        let done = match self.event["type"] == "schema.adopt" {
            true => drift.is_adopted(&self.scope),
            false => drift.is_done(&self.scope),
        };
        if done {
            return Ok(None);
        }
        let change = super::ask::identified(host, org, self.event.clone()).await?;
        let outcome = submit(host, cx, org, &change, self.options.clone()).await?;
        Ok(Some((change, outcome)))
    }

    /// Sends it to one organisation, or to many.
    async fn run(&self, host: &Host, cx: &Context, orgs: &Orgs) -> Result<Exit> {
        let Some(org) = orgs.single() else {
            let each = |org| async move { Ok(planned(step(self.send(host, cx, &org).await?))) };
            let pace = if self.options.dry_run { orgs.pace.reading() } else { orgs.pace };
            return pace.each(orgs.members(host).await?, cx, each).await;
        };
        let Some((change, outcome)) = self.send(host, cx, &org).await? else {
            return in_step(cx, &org);
        };
        cx.out.one(&outcome, || print::outcome(&outcome, Some(&change)))?;
        Ok(if self.options.dry_run { Exit::Left } else { exit(&outcome) })
    }
}

/// Of one of many: what is only planned is work that is left.
pub(super) fn planned(mut step: Step<Option<Outcome>>) -> Step<Option<Outcome>> {
    let is_planned = step.report.as_ref().is_some_and(|outcome| outcome.status == Status::Planned);
    let left = || ("planned".to_owned(), WORK_IS_LEFT.to_owned());
    step.left = step.left.or_else(|| is_planned.then(left));
    step
}

const WORK_IS_LEFT: &str = "there is something to do; see the plan of one with --org and its name, or write all with \"hookwright plan --out\"";

/// Sends a change, and waits until the last of its steps is done.
pub(super) async fn submit(
    host: &Host,
    cx: &Context,
    org: &OrgName,
    change: &Change,
    options: SubmitOptions,
) -> Result<Outcome> {
    let outcome = host.submit(org, change.clone(), options).await?;
    match outcome.change.clone().filter(|_| outcome.is_under_way()) {
        Some(id) => super::resume::follow(host, cx, org, &id).await,
        None => Ok(outcome),
    }
}

pub(super) fn in_step(cx: &Context, org: &OrgName) -> Result<Exit> {
    let report = json!({"org": org.as_str(), "status": "in-step"});
    cx.out.one(&report, || format!("{org} is in step: there is nothing to do"))?;
    Ok(Exit::Done)
}

pub(super) fn exit(outcome: &Outcome) -> Exit {
    match outcome.status {
        _ if !outcome.left.is_empty() => Exit::Left,
        Status::Applied | Status::Replayed | Status::Planned => Exit::Done,
        Status::Held | Status::Rejected | Status::Staged | Status::RolledBack => Exit::Left,
    }
}

/// What was done for one of many.
pub(super) fn step(done: Option<(Change, Outcome)>) -> Step<Option<Outcome>> {
    let Some((_, outcome)) = done else {
        return Step { report: None, word: "in step".to_owned(), left: None };
    };
    let reason = outcome.reasons.first().map(|r| (r.code.clone(), r.message.clone()));
    let left = |f: &Finding| {
        let parts = [Some(&f.message), f.hindrance.as_ref(), f.next.as_ref()];
        (f.code.clone(), parts.into_iter().flatten().cloned().collect::<Vec<_>>().join("; "))
    };
    let finding = outcome.left.first().map(left);
    let word = outcome.status.as_str().to_owned();
    let left = (exit(&outcome) == Exit::Left).then(|| reason.or(finding).unwrap_or_default());
    Step { report: Some(outcome), word, left }
}
