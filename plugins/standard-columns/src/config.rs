//! The configuration: which columns, under which names.
//!
//! Only `lib.rs` calls it. Pure.
use std::collections::HashMap;

use hookwright_sdk::{Column, DefaultValue, FieldType};
use serde::Deserialize;

const ACTOR_LENGTH: u32 = 140;

/// What can be configured; all of it may be left out.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    columns: Vec<Kind>,
    names: HashMap<Kind, String>,
}

impl Default for Config {
    fn default() -> Self {
        let columns = vec![Kind::CreatedAt, Kind::UpdatedAt, Kind::CreatedBy, Kind::UpdatedBy];
        let names = HashMap::new();
        Self { columns, names }
    }
}

impl Config {
    /// The columns to add.
    pub fn columns(&self) -> Vec<Column> {
        let column = |kind: &Kind| {
            let name = self.names.get(kind).map_or(kind.usual_name(), String::as_str);
            kind.column(name)
        };
        self.columns.iter().map(column).collect()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    CreatedAt,
    UpdatedAt,
    CreatedBy,
    UpdatedBy,
}

impl Kind {
    fn usual_name(self) -> &'static str {
        match self {
            Self::CreatedAt => "created_at",
            Self::UpdatedAt => "updated_at",
            Self::CreatedBy => "created_by",
            Self::UpdatedBy => "updated_by",
        }
    }

    fn column(self, name: &str) -> Column {
        match self {
            Self::CreatedAt | Self::UpdatedAt => {
                Column::new(name, FieldType::DateTime).not_null().default(DefaultValue::Now)
            }
            Self::CreatedBy | Self::UpdatedBy => Column::new(name, FieldType::String(ACTOR_LENGTH)),
        }
    }
}
