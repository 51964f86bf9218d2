//! The host's functions for what is dropped and kept: list it, and purge what is kept past its time where the policy
//! has the host do that. Restores, purges and rollbacks are events, and go through [`Host::submit`].

use std::collections::BTreeMap;

use hookwright_core::event::Change;
use hookwright_core::ident::{Ident, OrgName};
use hookwright_core::policy::Purging;
use hookwright_core::schema::Schema;
use hookwright_core::tombstone::Place;

use crate::api::{SubmitOptions, Tombstone};
use crate::db::TombstoneRow;
use crate::error::Result;
use crate::host::Host;
use crate::tenant::Tenant;

impl Host {
    /// What is dropped and kept of an organisation, newest first.
    ///
    /// # Errors
    /// `org/not-found`, or what its database says.
    pub async fn tombstones(&self, org: &OrgName) -> Result<Vec<Tombstone>> {
        list(&*self.tenant(org).await?).await
    }

    /// Purges what is kept past its time in every organisation whose policy has the host do so.
    pub async fn purge_expired(&self) {
        let each = |host: Self, org: OrgName| async move {
            if host.policy().of_org(&org).tombstones.purge != Purging::Expired {
                return;
            }
            match host.purge_of(&org).await {
                Ok(0) => {}
                Ok(count) => {
                    tracing::info!(%org, count, "what was kept past its time is purged, or held for an approval");
                }
                Err(error) => {
                    tracing::warn!(%org, code = error.code, %error, "what is kept past its time is not purged");
                }
            }
        };
        self.each_org("purging", each).await;
    }

    async fn purge_of(&self, org: &OrgName) -> Result<usize> {
        let expired: Vec<_> = self.tombstones(org).await?.into_iter().filter(|t| t.expired).collect();
        // The same of every host, until one of them has purged: they do not ask twice.
        let oldest = expired.last().map(|t| (t.kept.as_str(), t.change.as_deref().unwrap_or("unknown")));
        let Some((kept, change)) = oldest else { return Ok(0) };
        let id = format!("purge-{kept}-{change}");
        let event = serde_json::json!({"id": id, "type": "tombstones.purge", "actor": "hookwright"});
        let options = SubmitOptions { allow_destructive: true, ..SubmitOptions::default() };
        self.submit(org, Change::from_json(event)?, options).await.map(|_| expired.len())
    }
}

/// What the model has, with what the bookkeeping knows of it. What is in a dropped table goes with the table.
async fn list(tenant: &Tenant) -> Result<Vec<Tombstone>> {
    let rows = tenant.db().tombstones(tenant.settings().tombstones.keep_days).await?;
    let schema = tenant.db().snapshot().await?.schema;
    let places: Vec<_> = Place::kept(&schema)
        .into_iter()
        .filter(|p| p.column.is_none() || schema.table(&p.table).is_some())
        .collect();
    let tables: Vec<_> = places.iter().map(|p| p.table.clone()).collect();
    let sizes = tenant.db().sizes(&tables).await?;
    let sizes: BTreeMap<Ident, i64> = sizes.into_iter().map(|s| (s.table, s.rows)).collect();
    let told = |place: &Place| {
        let at = rows.iter().position(|row| is_at(row, place));
        (
            at.unwrap_or(usize::MAX),
            tombstone(&schema, place, at.map(|at| &rows[at]), sizes.get(&place.table).copied()),
        )
    };
    let mut all: Vec<_> = places.iter().map(told).collect();
    all.sort_by_key(|(newest_first, _)| *newest_first);
    Ok(all.into_iter().map(|(_, told)| told).collect())
}

fn is_at(row: &TombstoneRow, place: &Place) -> bool {
    row.table_name == place.table.as_str()
        && row.column_name == place.column.as_ref().map_or("", Ident::as_str)
}

fn tombstone(schema: &Schema, place: &Place, row: Option<&TombstoneRow>, rows: Option<i64>) -> Tombstone {
    let table = schema.table(&place.table);
    let text = |name: &Ident| name.as_str().to_owned();
    let buried = place.column.as_ref().and_then(|c| table?.buried.get(c));
    let entity = match (table, schema.buried.get(&place.table)) {
        (None, Some(buried)) => &buried.table.name,
        _ => &place.table,
    };
    Tombstone {
        entity: text(entity),
        field: buried.map(|b| text(&b.column.name)),
        kept: text(place.column.as_ref().unwrap_or(&place.table)),
        change: row.map(|r| r.change_id.clone()),
        actor: row.and_then(|r| r.actor.clone()),
        dropped_at: row.map(|r| r.dropped_at.clone()),
        kept_until: row.map(|r| r.kept_until.clone()),
        expired: row.is_some_and(|r| r.expired),
        rows,
    }
}
