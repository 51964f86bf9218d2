//! Shapes of JSON for the description of the HTTP surface. Nothing is parsed with them: events are parsed by the core.
#![allow(dead_code)]

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

macro_rules! shapes {
    ($($(#[$meta:meta])* $name:ident { $($(#[$field_meta:meta])* $field:ident: $ty:ty),+ $(,)? })+) => {$(
        $(#[$meta])*
        #[derive(Serialize, Deserialize, ToSchema)]
        #[serde(rename_all = "camelCase", deny_unknown_fields)]
        pub(super) struct $name { $($(#[$field_meta])* pub(super) $field: $ty),+ }
    )+};
}

shapes! {
    /// A field.
    FieldBody {
        /// 1 to 63 of `A-Z a-z 0-9 _`.
        name: String,
        /// The type.
        #[serde(rename = "type")]
        ty: TypeName,
        /// Default true.
        nullable: Option<bool>,
        /// Default false.
        unique: Option<bool>,
        /// Default false.
        indexed: Option<bool>,
        /// Default false.
        primary_key: Option<bool>,
        /// A value of the type, or `{"function":"now"}`.
        default: Option<Value>,
        /// The column it refers to.
        references: Option<ReferenceBody>,
        /// For `String`: most characters; default 100.
        length: Option<u32>,
        /// For `Decimal`: digits in all.
        precision: Option<u32>,
        /// For `Decimal`: digits after the point; default 0.
        scale: Option<u32>,
        /// For `Enum`: its texts.
        values: Option<Vec<String>>,
        /// A note kept beside the column.
        comment: Option<String>,
    }
    /// A reference to a column of another entity's table.
    ReferenceBody {
        /// The table.
        table: String,
        /// Its column.
        column: String,
        /// Default `RESTRICT`.
        on_delete: Option<OnDelete>,
    }
    /// An entity.
    EntityBody {
        /// 1 to 63 of `A-Z a-z 0-9 _`.
        name: String,
        /// What people call it.
        label: Option<String>,
        /// A note kept beside the table.
        comment: Option<String>,
        /// The fields it is created with.
        fields: Option<Vec<FieldBody>>,
    }
    /// Changes of an entity; `null` takes an attribute away.
    EntityChanges {
        /// Its new name.
        name: Option<String>,
        /// Its new label.
        label: Option<String>,
        /// Its new comment.
        comment: Option<String>,
    }
    /// Changes of a field; `null` takes an attribute away.
    FieldChanges {
        /// Its new name.
        name: Option<String>,
        /// Its new type.
        #[serde(rename = "type")]
        ty: Option<TypeName>,
        /// Whether a row may leave it empty.
        nullable: Option<bool>,
        /// Whether no two rows may share a value.
        unique: Option<bool>,
        /// Whether rows are looked up by it.
        indexed: Option<bool>,
        /// Its new default.
        default: Option<Value>,
        /// Its new reference.
        references: Option<ReferenceBody>,
        /// Its new length.
        length: Option<u32>,
        /// Its new precision.
        precision: Option<u32>,
        /// Its new scale.
        scale: Option<u32>,
        /// Its new values.
        values: Option<Vec<String>>,
        /// Its new comment.
        comment: Option<String>,
    }
}

/// A field with its id.
#[derive(Serialize, ToSchema)]
pub(super) struct FieldView {
    /// Stays through renames.
    id: String,
    /// What it is.
    #[serde(flatten)]
    spec: FieldBody,
}

/// An entity with its id.
#[derive(Serialize, ToSchema)]
pub(super) struct EntityView {
    /// Stays through renames.
    id: String,
    /// Its name, and its table's.
    name: String,
    /// What people call it.
    label: Option<String>,
    /// A note kept beside the table.
    comment: Option<String>,
    /// In the order of their creation.
    fields: Vec<FieldView>,
}

/// The type of a field.
#[derive(Serialize, Deserialize, ToSchema)]
pub(super) enum TypeName {
    String,
    Text,
    Int,
    BigInt,
    Float,
    Decimal,
    Boolean,
    Date,
    Time,
    DateTime,
    Json,
    Uuid,
    Bytes,
    Enum,
}

/// What happens to a row when the row it refers to is deleted.
#[derive(Serialize, Deserialize, ToSchema)]
pub(super) enum OnDelete {
    #[serde(rename = "CASCADE")]
    Cascade,
    #[serde(rename = "SET NULL")]
    SetNull,
    #[serde(rename = "RESTRICT")]
    Restrict,
}

/// What all events have.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Envelope {
    /// The idempotency key, at most 200 bytes.
    id: String,
    /// Who asks.
    actor: Option<String>,
    /// What it belongs to, for the asker.
    correlation_id: Option<String>,
    /// When it happened, as the asker says (RFC 3339).
    at: Option<String>,
    /// What needs a confirmation may run.
    confirm: Option<bool>,
    /// What destroys data may run.
    allow_destructive: Option<bool>,
    /// Work it out and change nothing.
    dry_run: Option<bool>,
    /// What is asked for.
    #[serde(flatten)]
    body: EventBody,
}

/// What an event asks for.
#[derive(Serialize, ToSchema)]
#[serde(tag = "type", rename_all_fields = "camelCase")]
pub(super) enum EventBody {
    #[serde(rename = "entity.create")]
    EntityCreate { entity: EntityBody },
    #[serde(rename = "entity.update")]
    EntityUpdate { entity: String, changes: EntityChanges },
    #[serde(rename = "entity.delete")]
    EntityDelete { entity: String, drop_table: Option<bool> },
    #[serde(rename = "field.create")]
    FieldCreate { entity: String, field: FieldBody },
    #[serde(rename = "field.update")]
    FieldUpdate { entity: String, field: String, changes: FieldChanges },
    #[serde(rename = "field.delete")]
    FieldDelete { entity: String, field: String, drop_column: Option<bool> },
}

/// One event, or several that succeed or fail together.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub(super) enum Events {
    One(Box<Envelope>),
    Several(Vec<Envelope>),
}

/// The place of everything that is an organisation's.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
pub(super) struct OfOrg {
    /// The organisation
    org: String,
}
