//! What must hold of the schema when the change is whole, whatever its intents were.

use std::collections::BTreeSet;

use super::Reason;
use crate::intent::IntentError;
use crate::model::Model;
use crate::schema::{ForeignKey, Schema, Table};
use crate::shared::unshared;

/// What does not hold; empty if the schema is sound.
pub(super) fn check(model: &Model) -> Vec<Reason> {
    let (before, after) = (model.base(), model.schema());
    let (gone, new) = (unshared(&before.tables, &after.tables), unshared(&after.tables, &before.tables));
    let changed: BTreeSet<_> = gone.chain(new).map(|table| &table.name).collect();
    let mut reasons = Vec::new();
    for table in after.tables.values() {
        let own = changed.contains(&table.name);
        if own && table.columns.is_empty() {
            reasons.push(columnless(table));
        }
        let moved =
            |key: &&ForeignKey| changed.contains(&key.table) || !after.tables.contains_key(&key.table);
        let concerned = table.foreign_keys.iter().filter(|key| own || moved(key));
        reasons.extend(concerned.filter_map(|key| foreign_key(after, table, key)));
    }
    reasons
}

fn columnless(table: &Table) -> Reason {
    Reason {
        code: "policy/table-without-columns".into(),
        message: format!("the table \"{}\" would have no columns", table.name.as_str()),
        help: "create the entity with a field, such as an \"id\" with \"primaryKey\": true".into(),
        consent: None,
    }
}

fn foreign_key(schema: &Schema, table: &Table, key: &ForeignKey) -> Option<Reason> {
    let from =
        format!("the foreign key on \"{}\" ({})", table.name.as_str(), crate::intent::list(&key.columns));
    let Some(target) = schema.table(&key.table) else {
        if schema.buried_table(&key.table, None).is_some() {
            let name = key.table.as_str();
            return Some(Reason {
                code: "policy/unknown-target".into(),
                message: format!("{from} refers to \"{name}\", which is dropped and kept"),
                help: format!("restore that first: hookwright restore {name} --org NAME"),
                consent: None,
            });
        }
        let why = IntentError::unknown_table(schema, &key.table);
        return Some(reason(
            "policy/unknown-target",
            format!("{from} refers to nothing: {why}"),
            "create what it refers to in the same change or before",
        ));
    };
    for (own, other) in key.columns.iter().zip(&key.target) {
        let Some(other) = target.column(other) else {
            let why = IntentError::unknown_column(target, other);
            return Some(reason(
                "policy/unknown-target",
                format!("{from} refers to nothing: {why}"),
                "create what it refers to in the same change or before",
            ));
        };
        let own = table.column(own)?;
        if !own.ty.comparable(&other.ty) {
            let message = format!(
                "{from} pairs \"{}\" as {} with \"{}\".\"{}\" as {}",
                own.name.as_str(),
                own.ty.describe(),
                key.table.as_str(),
                other.name.as_str(),
                other.ty.describe()
            );
            return Some(reason("policy/reference-type", message, "give both the same type"));
        }
    }
    if target.is_key(&key.target) {
        return None;
    }
    let message = format!(
        "{from} refers to \"{}\" ({}), which is no key there",
        key.table.as_str(),
        crate::intent::list(&key.target)
    );
    Some(reason(
        "policy/reference-target",
        message,
        "refer to the primary key, or make the target unique first",
    ))
}

fn reason(code: &str, message: String, help: &str) -> Reason {
    Reason { code: code.into(), message, help: help.into(), consent: None }
}
