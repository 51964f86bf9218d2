//! Metadata beside what the database physically has, entity by entity: what `hookwright inspect` shows.
//!
//! Plain data and the words for it; [`Host::beside`](crate::host::Host::beside) reads what it is made of.

use hookwright_core::metadata::{Entity, Field};
use hookwright_core::schema::{BURIED_PREFIX, Column, Table};
use serde::{Deserialize, Serialize};

use crate::drift::Finding;

/// An entity beside its table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Beside {
    /// The entity's name, and its table's.
    pub entity: String,
    /// Whether the table is there.
    pub is_there: bool,
    /// Fields and columns of one name, fields first.
    pub columns: Vec<ColumnBeside>,
    /// Keys, references, checks and indexes that the table has, in words.
    pub constraints: Vec<String>,
    /// What differs from what is called for.
    pub findings: Vec<Finding>,
}

/// A field beside its column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ColumnBeside {
    /// The name of both.
    pub name: String,
    /// What the metadata say, in words; absent if there is no such field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// What the database has, in words; absent if there is no such column.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// `plugin`, `kept` (dropped, and kept for a while) or `others`, if no field asks for the column.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
}

impl Beside {
    pub(crate) fn of(
        entity: &Entity,
        table: Option<&Table>,
        recorded: Option<&Table>,
        findings: Vec<Finding>,
    ) -> Self {
        let column = |name: &str| table?.columns.values().find(|column| column.name.as_str() == name);
        let fields = entity.fields.iter().map(|field| {
            let name = field.spec.name.as_str();
            let (field, column) = (Some(field_in_words(field)), column(name).map(column_in_words));
            ColumnBeside { name: name.to_owned(), field, column, owner: None }
        });
        let is_field = |column: &&Column| entity.fields.iter().any(|field| field.spec.name == column.name);
        let others = table.into_iter().flat_map(|table| table.columns.values()).filter(|c| !is_field(c));
        let others = others.map(|column| ColumnBeside {
            name: column.name.as_str().to_owned(),
            field: None,
            column: Some(column_in_words(column)),
            owner: Some(owner(column, recorded).to_owned()),
        });
        Self {
            entity: entity.name.as_str().to_owned(),
            is_there: table.is_some(),
            columns: fields.chain(others).collect(),
            constraints: table.map(constraints).unwrap_or_default(),
            findings,
        }
    }
}

fn owner(column: &Column, recorded: Option<&Table>) -> &'static str {
    let name = &column.name;
    match recorded {
        _ if name.as_str().starts_with(BURIED_PREFIX) => "kept",
        Some(table) if table.column(name).is_some() => "plugin",
        _ => "others",
    }
}

fn field_in_words(field: &Field) -> String {
    let spec = &field.spec;
    let reference = spec.references.as_ref().map(|to| {
        format!("refers to {}.{} ({})", to.table.as_str(), to.column.as_str(), to.on_delete.as_str())
    });
    let parts = [
        Some(spec.ty.describe()),
        spec.primary_key.then(|| "primary key".to_owned()),
        (!spec.nullable && !spec.primary_key).then(|| "required".to_owned()),
        spec.unique.then(|| "unique".to_owned()),
        spec.indexed.then(|| "indexed".to_owned()),
        spec.default.as_ref().map(|value| format!("default {}", value.to_json())),
        reference,
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn column_in_words(column: &Column) -> String {
    let unread = column.unread.as_deref();
    let ty = unread.and_then(|u| u.ty.clone()).unwrap_or_else(|| column.ty.describe());
    let default = unread.and_then(|u| u.default.clone());
    let default = default.or_else(|| column.default.as_ref().map(|value| value.to_json().to_string()));
    let parts = [
        Some(ty),
        (!column.nullable).then(|| "not null".to_owned()),
        default.map(|value| format!("default {value}")),
        column.generated.as_ref().map(|_| "generated".to_owned()),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn constraints(table: &Table) -> Vec<String> {
    let list = |columns: &[hookwright_core::ident::Ident]| {
        columns.iter().map(|column| column.as_str()).collect::<Vec<_>>().join(", ")
    };
    let key = (!table.primary_key.is_empty()).then(|| format!("primary key ({})", list(&table.primary_key)));
    let uniques = table.uniques.iter().map(|unique| format!("unique ({})", list(&unique.columns)));
    let references = table.foreign_keys.iter().map(|key| {
        let (from, to, target) = (list(&key.columns), key.table.as_str(), list(&key.target));
        let besides = key.besides.as_ref().map(|words| format!(", {}", words.to_ascii_lowercase()));
        let (what, besides) = (key.on_delete.as_str(), besides.unwrap_or_default());
        format!("reference ({from}) to {to} ({target}) on delete {what}{besides}")
    });
    let checks = table.checks.iter().map(|check| format!("check {}", check.name.as_str()));
    let indexes = table.indexes.iter().map(|index| {
        let state = if index.broken { ", invalid" } else { "" };
        let kind = if index.shape.unique { "unique index" } else { "index" };
        format!("{kind} {}{state}", index.name.as_str())
    });
    key.into_iter().chain(uniques).chain(references).chain(checks).chain(indexes).collect()
}
