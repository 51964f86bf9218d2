//! Drift of an organisation's database, and the change that repairs it.
//!
//! A repair takes the way of any change, from what the database has instead of from what the host recorded. The host
//! proposes its intents itself: they are the difference to what the hooks call for.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use hookwright_core::ddl::{self, Dialect};
use hookwright_core::drift::{
    self, Adoption, Away, Deleted, Drift, Finding, Identities, Moved, Scope, World,
};
use hookwright_core::event::Event;
use hookwright_core::ident::Ident;
use hookwright_core::intent::Intent;
use hookwright_core::metadata::Metadata;
use hookwright_core::policy::Probe;
use hookwright_core::schema::{Schema, Table};
use hookwright_core::tombstone::Tombstones;

use super::Pipeline;
use super::derive::{derived, whole};
use super::hooks::Caller;
use super::request::Request;
use super::work::{Worked, Worker};
use crate::db::{Inspected, ProbeAnswer};
use crate::drift::{Adopted, Finding as Told, Site};
use crate::error::{Error, Result};
use crate::executor;
use crate::tenant::{Derived, Tenant, View};

/// Times that an organisation is looked at anew because it changed meanwhile.
const MOST_LOOKS: u32 = 5;
/// Looks beside its changes; after that they wait for one.
const LOOKS_BESIDE: u32 = 2;

/// How the database stands to what metadata and the plugins bound now call for, at one revision of the organisation.
pub(crate) async fn drift(pipeline: &Pipeline<'_>, tenant: &Arc<Tenant>) -> Result<Drift> {
    for look in 0..MOST_LOOKS {
        let turn = match look < LOOKS_BESIDE {
            true => None,
            false => Some(tenant.turn().lock().await),
        };
        // The inspection and the snapshot go side by side: both are of one revision if it was the same before and after.
        let before = tenant.db().point().await?;
        let inspected = tokio::spawn({
            let tenant = tenant.clone();
            async move { tenant.db().inspect_known().await }
        });
        let view = tenant.latest().await?;
        let fault = |e| Error::new("host/fault", "the inspection broke off inside the host").because(e);
        let found = inspected.await.map_err(fault)??.without_debris();
        there(tenant, &view, &found).await?;
        if view.snapshot.point() == before && tenant.is_current(&view).await? {
            drop(turn);
            return own(pipeline, tenant, &view, &found).await;
        }
        tenant.forget();
    }
    let message = format!("the organisation \"{}\" changed each time that it was compared", tenant.org());
    Err(Error::new("event/moved", message).help("compare it again when it changes less often"))
}

/// Whether the place is there in which nothing was found.
async fn there(tenant: &Tenant, view: &View, found: &Inspected) -> Result<()> {
    let is_lost = found.schema.tables.is_empty() && !view.snapshot.schema.tables.is_empty();
    match is_lost && !tenant.db().has_schema().await? {
        true => Err(tenant.db().schema_gone().await.into()),
        false => Ok(()),
    }
}

/// How a database that was inspected stands to what the organisation calls for, and who moved.
async fn own(pipeline: &Pipeline<'_>, tenant: &Tenant, view: &View, found: &Inspected) -> Result<Drift> {
    let snapshot = &view.snapshot;
    let mut drift = compared(pipeline, tenant, view, &snapshot.metadata, &snapshot.schema, found).await?;
    let is_unsure = |finding: &Finding| finding.moved == Moved::Metadata;
    if drift.findings.iter().chain(&drift.ignored).any(is_unsure) {
        let deleted = deleted(tenant).await?;
        // Else a plugin made what is left behind, and calls for it no more.
        let is_deleted = |finding: &Finding| deleted.has(&finding.table, finding.part.column());
        let all = drift.findings.iter_mut().chain(&mut drift.ignored);
        for finding in all.filter(|finding| is_unsure(finding) && !is_deleted(finding)) {
            finding.moved = Moved::Plugins;
        }
    }
    recorded_as_it_is(tenant, &mut drift).await?;
    Ok(drift)
}

/// What a repair left is recorded as it is, and so is what an adoption took in that was rolled back: that looks as if the
/// plugins had called for something else since.
async fn recorded_as_it_is(tenant: &Tenant, drift: &mut Drift) -> Result<()> {
    let is_plugins = |finding: &Finding| finding.moved == Moved::Plugins;
    if !drift.findings.iter().any(is_plugins) {
        return Ok(());
    }
    let left: BTreeSet<_> = tenant.db().left_by_repairs().await?.into_iter().map(|(id,)| id).collect();
    let undone: Deleted = tenant.db().adopted_no_more().await?.into_iter().collect();
    for finding in drift.findings.iter_mut().filter(|finding| is_plugins(finding)) {
        if finding.recorded == finding.found && left.contains(&finding.id()) {
            finding.moved = Moved::Hands;
        } else if undone.has(&finding.table, finding.part.column()) {
            finding.moved = Moved::RolledBack;
        }
    }
    Ok(())
}

/// What the ledger has of deletions.
async fn deleted(tenant: &Tenant) -> Result<Deleted> {
    Ok(tenant.db().deleted().await?.into_iter().collect())
}

/// Whether something is recorded that nothing calls for.
fn has_leftovers(recorded: &Schema, wanted: &Schema) -> bool {
    recorded.tables.iter().any(|(name, table)| match wanted.tables.get(name) {
        None => true,
        Some(wanted) => {
            !Arc::ptr_eq(wanted, table) && table.columns.keys().any(|column| wanted.column(column).is_none())
        }
    })
}

/// As [`own`], were these the metadata and this the record; who moved is not asked.
async fn compared(
    pipeline: &Pipeline<'_>,
    tenant: &Tenant,
    view: &View,
    metadata: &Arc<Metadata>,
    recorded: &Schema,
    found: &Inspected,
) -> Result<Drift> {
    let wanted = derived(pipeline, tenant, view, metadata).await?;
    let dialect = tenant.db().dialect();
    let ignored = tenant.ignored();
    let Derived { schema, unfit, .. } = &*wanted;
    let identities = &found.identities.in_place(recorded, &found.schema);
    let away = &away(tenant, recorded, found, identities).await?;
    let deleted = match has_leftovers(recorded, &wanted.schema) {
        true => &deleted(tenant).await?,
        false => &Deleted::default(),
    };
    let (found, beyond, strangers) = (&found.schema, &found.beyond(), &found.strangers(dialect));
    let world = World {
        wanted: schema,
        recorded,
        found,
        metadata,
        dialect,
        ignored: &ignored,
        unfit,
        beyond,
        away,
        identities,
        deleted,
        strangers,
    };
    Ok(Drift::of(world))
}

/// The tables that are recorded, and are in another schema of the database.
async fn away(
    tenant: &Tenant,
    recorded: &Schema,
    found: &Inspected,
    known: &Identities,
) -> Result<Vec<Away>> {
    let is_lost = |table: &&Arc<Table>| match found.schema.tables.get(&table.name) {
        _ if known.of(&table.name).is_some() => false,
        Some(there) => drift::is_stranger(table, there),
        None => true,
    };
    let lost = recorded.tables.values().filter(is_lost);
    let lost: Vec<_> = lost.map(AsRef::as_ref).collect();
    let mut away: Vec<_> = known.away().filter(|away| recorded.tables.contains_key(&away.table)).collect();
    if !lost.is_empty() {
        away.extend(tenant.db().elsewhere(&lost).await?);
    }
    Ok(away)
}

/// The database as it is; for a dry run, which nobody checks later, as it is at the view.
async fn inspected(tenant: &Tenant, view: &View, request: &Request<'_>) -> Result<Inspected> {
    let found = tenant.db().inspect_known().await?.without_debris();
    match request.consent.dry_run && !tenant.is_current(view).await? {
        true => Err(super::moved(tenant)),
        false => Ok(found),
    }
}

/// Works a repair out; of what was `made` for it already nothing is seen.
pub(super) async fn synchronise(
    pipeline: &Pipeline<'_>,
    tenant: &Tenant,
    view: &View,
    scope: &Scope,
    request: &Request<'_>,
) -> Result<Worked> {
    let mut found = inspected(tenant, view, request).await?;
    there(tenant, view, &found).await?;
    request.made().for_each(|step| step.unread(&mut found.schema));
    let drift = own(pipeline, tenant, view, &found).await?;
    whole(tenant, &drift.unfit)?;
    let scope = &drift.meant(scope);
    crate::drift::reached(&drift, scope)?;
    let empty = empty(pipeline, tenant, &drift, scope).await?;
    let is_confirmed = request.consent.confirm || request.consent.allow_destructive;
    repaired(pipeline, tenant, view, &drift.knowing_empty(empty).confirmed(is_confirmed), scope)
}

/// Those tables without rows to which required columns come back. Rows that come meanwhile hold the change up.
async fn empty(
    pipeline: &Pipeline<'_>,
    tenant: &Tenant,
    drift: &Drift,
    scope: &Scope,
) -> Result<BTreeSet<Ident>> {
    let tables: Vec<_> = drift.to_require(scope).into_iter().collect();
    let (db, base) = (tenant.db(), drift.base(scope));
    let ask =
        |table: &Ident| ddl::probe(&Probe::Rows { table: table.clone() }, db.dialect(), tenant.org(), &base);
    let asked: Vec<_> = tables.iter().map(ask).collect();
    let answers = executor::ask(db, &asked, pipeline.retry).await?;
    let is_empty = |answer: &ProbeAnswer| matches!(answer, ProbeAnswer::Found { rows: false, .. });
    Ok(tables
        .into_iter()
        .zip(answers)
        .filter(|(_, answer)| is_empty(answer))
        .map(|(table, _)| table)
        .collect())
}

/// Works out what the metadata are once they say what the database has. No statement is made: what plugins call for
/// besides is drift, and is told.
pub(super) async fn adopt(
    pipeline: &Pipeline<'_>,
    tenant: &Tenant,
    view: &View,
    event: &Event,
    scope: &Scope,
    request: &Request<'_>,
) -> Result<Worked> {
    let inspected = inspected(tenant, view, request).await?;
    let drift = own(pipeline, tenant, view, &inspected).await?;
    whole(tenant, &drift.unfit)?;
    let scope = &drift.meant(scope);
    crate::drift::reached(&drift, scope)?;
    let (before, gone) = (&*view.snapshot.metadata, drift.lost(scope));
    let Adoption { metadata, left_out, recorded, scope: taken_over, moved } = drift
        .adopted(before, &event.id, scope)
        .map_err(|e| crate::drift::not_adopted(tenant.org(), scope, &e.to_string()))?;
    crate::drift::taken_in(tenant.org(), &drift, scope, before == &metadata, &left_out)?;
    let taken = drift::taken(before, &metadata).into_iter().map(Adopted::from);
    let taken = taken.chain(left_out.into_iter().map(Adopted::from)).collect();
    let metadata = Arc::new(metadata);
    let adopted = compared(pipeline, tenant, view, &metadata, &recorded, &inspected).await?;
    let caller = Caller::new(pipeline, tenant, view.plugins.clone());
    let scope = Scope { extras: false, ..taken_over };
    if let Some(finding) = adopted.unnamed(&scope) {
        return Err(crate::drift::name_first(Site::of(tenant), finding));
    }
    let mut worker = Worker::new(tenant, metadata, Arc::new(adopted.base(&scope)), caller);
    if tenant.db().dialect() == Dialect::Sqlite {
        // Comments are in the model alone, which forgets those of what has another name now.
        let comments = adopted.repair(&scope).0.into_iter().filter(|i| matches!(i, Intent::SetComment(_)));
        comments.into_iter().try_for_each(|intent| worker.own(intent))?;
    }
    let (org, dialect) = (tenant.org(), tenant.db().dialect());
    let left = adopted.findings.iter().filter(|f| scope.has(f)).map(as_recorded);
    let left = left.map(|finding| Told::of(org, dialect, &finding)).collect();
    let moved = moved.into_iter().filter(|(was, _)| !gone.contains(was)).collect();
    let besides = Tombstones { moved, gone, ..Tombstones::default() };
    Ok(Worked { adopted: taken, besides, ..worked(worker, left) })
}

/// A finding as it is once the adoption has recorded what is there.
fn as_recorded(finding: &Finding) -> Finding {
    match finding.moved {
        Moved::Several => {
            Finding { recorded: finding.found.clone(), moved: Moved::Plugins, ..finding.clone() }
        }
        _ => finding.clone(),
    }
}

fn repaired(
    pipeline: &Pipeline<'_>,
    tenant: &Tenant,
    view: &View,
    drift: &Drift,
    scope: &Scope,
) -> Result<Worked> {
    let caller = Caller::new(pipeline, tenant, view.plugins.clone());
    let metadata = view.snapshot.metadata.clone();
    let mut worker = Worker::new(tenant, metadata, Arc::new(drift.base(scope)), caller);
    if let Some(finding) = drift.beyond_scope(scope) {
        return Err(crate::drift::not_alone(Site::of(tenant), finding));
    }
    let (intents, left) = drift.repair(scope);
    if intents.is_empty()
        && let Some(error) = crate::drift::no_room(Site::of(tenant), &left)
    {
        return Err(error);
    }
    let gone = drift.lost(scope);
    let nothing = intents.is_empty() && gone.is_empty() && !drift.records(worker.draft.base(), &left);
    for intent in intents {
        worker.own(intent)?;
    }
    let told = left.iter().map(|left| Told::left(Site::of(tenant), left)).collect();
    let not_repaired = if nothing { crate::drift::reasons(Site::of(tenant), &left) } else { Vec::new() };
    let besides = Tombstones { gone, ..Tombstones::default() };
    Ok(Worked { not_repaired, besides, ..worked(worker, told) })
}

fn worked(worker: Worker<'_>, left: Vec<Told>) -> Worked {
    let Worker { metadata, draft, .. } = worker;
    let hooks = Vec::new();
    Worked {
        draft,
        metadata,
        hooks,
        memories: BTreeMap::new(),
        rolls_back: Vec::new(),
        left,
        adopted: Vec::new(),
        besides: Tombstones::default(),
        purged: Vec::new(),
        not_repaired: Vec::new(),
    }
}
