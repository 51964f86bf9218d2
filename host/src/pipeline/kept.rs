//! What metadata and plugins call for, kept beyond the process that worked it out: hooks replay every entity for it.
//!
//! `derive.rs` alone calls it. It is kept under the change that led to the organisation's state, its rows, and the plugins bound
//! then; a change's id is never given twice, so another history is another key. Most often it is what was recorded;
//! what differs is kept with it.

use std::collections::BTreeMap;
use std::sync::Arc;

use hookwright_core::ident::Ident;
use hookwright_core::schema::{Schema, Table};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::error::{Error, Result};
use crate::registry::store::Store;
use crate::tenant::{Bound, Tenant, View};

/// Counts up when the same hooks would lead to another schema.
const DERIVATION: u32 = 1;

/// How what is called for differs from what was recorded.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Difference {
    /// Tables that were recorded otherwise, or not at all.
    tables: BTreeMap<Ident, Arc<Table>>,
    /// Tables that were recorded, and nothing calls for.
    gone: Vec<Ident>,
}

/// What it is kept under; none before the first change.
pub(super) fn key(view: &View) -> Option<String> {
    let change = view.snapshot.change.as_ref()?;
    let plugins: Vec<_> = view.plugins.iter().map(|bound| told(bound)).collect();
    // Rows that were changed by hand, and accepted, are of the same change.
    let rows = serde_json::to_value(view.snapshot.kept.recorded()).ok()?;
    let of = json!([DERIVATION, env!("CARGO_PKG_VERSION"), change, plugins, rows]);
    Some(hex::encode(Sha256::digest(of.to_string())))
}

/// A plugin as far as its intents follow from it.
fn told(bound: &Bound) -> serde_json::Value {
    let Bound { org: _, name, loaded, config, grants, hooks: _, on_fault: _, proven: _ } = bound;
    let grants: Vec<_> = grants.iter().map(ToString::to_string).collect();
    json!([name, loaded.digest, config, grants])
}

/// The schema that was worked out before, if it was kept.
pub(super) async fn find(store: &Store, tenant: &Tenant, view: &View, key: &str) -> Result<Option<Schema>> {
    let Some(text) = store.derived(tenant.org(), key).await? else { return Ok(None) };
    let Ok(Difference { tables, gone }) = serde_json::from_str(&text) else { return Ok(None) };
    let mut schema = Schema { tables: view.snapshot.schema.tables.clone(), ..Schema::default() };
    gone.iter().for_each(|name| drop(schema.tables.remove(name)));
    schema.tables.extend(tables);
    Ok(Some(schema))
}

/// Keeps a schema that was worked out.
pub(super) async fn keep(
    store: &Store,
    tenant: &Tenant,
    view: &View,
    key: &str,
    schema: &Schema,
) -> Result<()> {
    let difference = difference(&view.snapshot.schema, schema).and_then(|of| serde_json::to_string(&of));
    let text = difference.map_err(|e| Error::new("host/fault", "a schema has no form").because(e))?;
    store.keep_derived(tenant.org(), key, &text).await
}

fn difference(recorded: &Schema, wanted: &Schema) -> serde_json::Result<Difference> {
    let mut difference = Difference::default();
    for (name, table) in &wanted.tables {
        if !is_same(recorded.tables.get(name), table)? {
            difference.tables.insert(name.clone(), table.clone());
        }
    }
    let gone = recorded.tables.keys().filter(|name| !wanted.tables.contains_key(*name));
    difference.gone = gone.cloned().collect();
    Ok(difference)
}

/// Whether all of a table is the same, even what is left out where schemas are compared.
fn is_same(one: Option<&Arc<Table>>, other: &Arc<Table>) -> serde_json::Result<bool> {
    match one {
        Some(one) if Arc::ptr_eq(one, other) => Ok(true),
        Some(one) => Ok(serde_json::to_string(one)? == serde_json::to_string(other)?),
        None => Ok(false),
    }
}
