//! What to do about an index that is missing or that nobody uses: who could make it in this organisation, and the event that
//! asks for it.

use std::sync::Arc;

use hookwright_core::ident::OrgName;
use hookwright_core::schema::Table;

use crate::db::{Snapshot, UnusedIndex};
use crate::tenant::Bound;

/// The intents by which a plugin makes and takes away indexes.
const KIND: &str = "create-index";

/// An organisation with those who could make indexes there.
pub(super) struct Indexing<'a> {
    pub org: &'a OrgName,
    pub snapshot: &'a Snapshot,
    pub plugins: &'a [Arc<Bound>],
}

impl Indexing<'_> {
    /// What has a reference get its index.
    pub(super) fn missing(&self, table: &Table, fields: &[&str]) -> String {
        let (org, entity) = (self.org, table.name.as_str());
        let Some(plugin) = self.indexers(entity).next() else {
            return format!(
                "no plugin of \"{org}\" makes indexes there; have one index every reference: {}",
                self.install(" --sync")
            );
        };
        match fields {
            [field] if self.is_said(entity, field) => format!(
                "its field says \"indexed\", and the plugin \"{plugin}\" may make indexes: see what it calls for, hookwright drift --org {org} --entity {entity}; make it: hookwright sync --org {org} --entity {entity}"
            ),
            [field] => format!(
                "index it, beside its users if the table is large, by the plugin \"{plugin}\": {}",
                self.event(entity, field, true)
            ),
            fields => format!(
                "have the plugin \"{plugin}\" ask for an index on ({}) of \"{entity}\": it is the only way to index several fields",
                fields.join(", ")
            ),
        }
    }

    /// What has the fields by which a table is filtered get their indexes, once they are known.
    pub(super) fn unknown(&self, entity: &str) -> String {
        let find = "find the statements that filter it: pg_stat_statements, or the log with log_min_duration_statement";
        let event = self.event(entity, "FIELD", true);
        match self.indexers(entity).next() {
            Some(plugin) => {
                format!("{find}; have the plugin \"{plugin}\" index the field by which they do: {event}")
            }
            None => format!(
                "{find}; no plugin of \"{}\" makes indexes there, so install one: {}; then have it index the field by which they do: {event}",
                self.org,
                self.install("")
            ),
        }
    }

    /// What gives the organisation the plugin that keeps indexes.
    fn install(&self, more: &str) -> String {
        format!(
            "hookwright plugin build plugins/index-advisor --out index-advisor.wasm, then hookwright plugin install --org {} index-advisor.wasm{more}",
            self.org
        )
    }

    /// What takes an index away that nobody uses.
    pub(super) fn unused(&self, UnusedIndex { table, index, .. }: &UnusedIndex) -> String {
        let org = self.org;
        let own = self.snapshot.schema.tables.values().find(|of| of.name.as_str() == table);
        let own = own.and_then(|table| table.indexes.iter().find(|own| own.name.as_str() == index));
        let Some(own) = own else {
            return format!(
                "look on replicas, too; Hookwright did not make it: DROP INDEX CONCURRENTLY \"{org}\".\"{index}\""
            );
        };
        let columns = own.shape.key_columns().unwrap_or_default();
        match columns.as_slice() {
            [field] if self.is_said(table, field.as_str()) => {
                format!("look on replicas, too; then {}", self.event(table, field.as_str(), false))
            }
            _ => {
                let who: Vec<_> = self.indexers(table).map(|name| format!("\"{name}\"")).collect();
                let who = if who.is_empty() { "none that is bound now".to_owned() } else { who.join(", ") };
                format!(
                    "look on replicas, too; no field says \"indexed\" for it: a plugin asked for it ({who} may); have it ask no more, then hookwright sync --org {org} --entity {table}"
                )
            }
        }
    }

    /// The names of plugins that may make indexes on a table.
    fn indexers<'s>(&'s self, table: &'s str) -> impl Iterator<Item = &'s str> {
        self.plugins.iter().filter(move |plugin| plugin.may(KIND, table)).map(|plugin| &*plugin.name)
    }

    /// Whether the metadata say that the field has an index.
    fn is_said(&self, entity: &str, field: &str) -> bool {
        let mut entities = self.snapshot.metadata.entities.values();
        let entity = entities.find(|of| of.name.as_str() == entity);
        entity.is_some_and(|of| of.fields.iter().any(|f| f.spec.indexed && f.spec.name.as_str() == field))
    }

    /// The event that gives a field an index or takes it away; on a large table it is built beside its users.
    fn event(&self, entity: &str, field: &str, indexed: bool) -> String {
        let id = format!("{}index-{entity}-{field}", if indexed { "" } else { "no-" });
        let event = serde_json::json!({"id": id, "type": "field.update", "entity": entity, "field": field,
            "changes": {"indexed": indexed}});
        format!("echo '{event}' | hookwright event send --org {} -", self.org)
    }
}
