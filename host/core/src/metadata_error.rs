//! Why an event does not fit the metadata.

/// Why an event does not fit the metadata.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs)]
pub enum MetadataError {
    #[error("the entity \"{existing}\" already exists, \"{wanted}\" was asked for (case does not count)")]
    EntityExists { existing: String, wanted: String },
    #[error("there is no entity \"{entity}\"")]
    NoEntity { entity: String },
    #[error(
        "the field \"{existing}\" already exists on the entity \"{entity}\" as {is}, \"{wanted}\" was asked for (case does not count)"
    )]
    FieldExists { entity: String, existing: String, is: String, wanted: String },
    #[error("the entity \"{entity}\" has no field \"{field}\"")]
    NoField { entity: String, field: String },
    #[error(
        "the dropped {what} \"{dropped}\" cannot come back: its name is taken by the {what} \"{existing}\""
    )]
    Taken { what: &'static str, dropped: String, existing: String },
    #[error("nothing dropped is kept as \"{name}\"")]
    NotKept { name: String },
    #[error("the entity \"{entity}\" has {count} fields already, the most a table can have")]
    Full { entity: String, count: usize },
}

impl MetadataError {
    /// The error's stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::EntityExists { .. } | Self::FieldExists { .. } | Self::Full { .. } | Self::Taken { .. } => {
                "metadata/conflict"
            }
            Self::NoEntity { .. } | Self::NoField { .. } | Self::NotKept { .. } => "metadata/not-found",
        }
    }
}
