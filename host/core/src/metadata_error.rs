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
    #[error("the entity \"{entity}\" has {count} fields already, the most a table can have")]
    Full { entity: String, count: usize },
}

impl MetadataError {
    /// The error's stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::EntityExists { .. } | Self::FieldExists { .. } | Self::Full { .. } => "metadata/conflict",
            Self::NoEntity { .. } | Self::NoField { .. } => "metadata/not-found",
        }
    }
}
