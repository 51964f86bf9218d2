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

/// Shapes of a field, with what each has besides.
macro_rules! fields {
    ($($(#[$meta:meta])* $name:ident { $($(#[$own_meta:meta])* $own:ident: $ty:ty,)* })+) => { shapes! {$(
        $(#[$meta])*
        $name {
            $($(#[$own_meta])* $own: $ty,)*
            /// 1 to 63 of `A-Z a-z 0-9 _`.
            name: String,
            /// The type.
            #[serde(rename = "type")]
            ty: TypeName,
            /// Default true.
            #[schema(nullable = false)]
            nullable: Option<bool>,
            /// Default false.
            #[schema(nullable = false)]
            unique: Option<bool>,
            /// Default false.
            #[schema(nullable = false)]
            indexed: Option<bool>,
            /// Default false.
            #[schema(nullable = false)]
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
    )+} };
}

fields! {
    /// A field.
    FieldBody {}
    /// A field with its id.
    FieldView {
        /// Stays through renames.
        id: String,
    }
}

shapes! {
    /// A reference to a column of another entity's table.
    ReferenceBody {
        /// The table.
        table: String,
        /// Its column.
        column: String,
        /// Default `RESTRICT`.
        #[schema(nullable = false)]
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
        #[schema(nullable = false)]
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
    /// The idempotency key, at most 200 bytes; the header `Idempotency-Key` can stand for it.
    #[schema(nullable = false)]
    id: Option<String>,
    /// Who asks.
    actor: Option<String>,
    /// What it belongs to, for the asker.
    correlation_id: Option<String>,
    /// When it happened, as the asker says (RFC 3339).
    at: Option<String>,
    /// What needs a confirmation may run.
    #[schema(nullable = false)]
    confirm: Option<bool>,
    /// What destroys data may run.
    #[schema(nullable = false)]
    allow_destructive: Option<bool>,
    /// Work it out and change nothing.
    #[schema(nullable = false)]
    dry_run: Option<bool>,
    /// What is asked for.
    #[serde(flatten)]
    body: EventBody,
}

/// What an event asks for.
#[derive(Serialize, ToSchema)]
#[serde(tag = "type")]
pub(super) enum EventBody {
    #[serde(rename = "entity.create")]
    EntityCreate { entity: EntityBody },
    #[serde(rename = "entity.update")]
    EntityUpdate { entity: String, changes: EntityChanges },
    #[serde(rename = "entity.delete")]
    EntityDelete {
        entity: String,
        #[serde(rename = "dropTable")]
        #[schema(nullable = false)]
        drop_table: Option<bool>,
    },
    #[serde(rename = "field.create")]
    FieldCreate { entity: String, field: FieldBody },
    #[serde(rename = "field.update")]
    FieldUpdate { entity: String, field: String, changes: FieldChanges },
    #[serde(rename = "field.delete")]
    FieldDelete {
        entity: String,
        field: String,
        #[serde(rename = "dropColumn")]
        #[schema(nullable = false)]
        drop_column: Option<bool>,
    },
    #[serde(rename = "entity.restore")]
    EntityRestore { entity: String, kept: Option<String> },
    #[serde(rename = "field.restore")]
    FieldRestore { entity: String, field: String, kept: Option<String> },
    #[serde(rename = "entity.purge")]
    EntityPurge { entity: String, kept: Option<String> },
    #[serde(rename = "field.purge")]
    FieldPurge { entity: String, field: String, kept: Option<String> },
    #[serde(rename = "tombstones.purge")]
    PurgeExpired {},
    #[serde(rename = "change.rollback")]
    ChangeRollback { change: String },
    #[serde(rename = "schema.sync")]
    SchemaSync(OfSchema),
    #[serde(rename = "schema.adopt")]
    SchemaAdopt(OfSchema),
}

/// What of the schema is compared.
#[derive(Serialize, ToSchema)]
pub(super) struct OfSchema {
    /// Only this one; all of them by default.
    entity: Option<String>,
    /// Only this field of it.
    field: Option<String>,
    /// With what others added.
    #[schema(nullable = false)]
    extras: Option<bool>,
    /// Only what loosens.
    #[schema(nullable = false)]
    loosening: Option<bool>,
}

/// The bytes of a component.
#[derive(ToSchema)]
#[schema(value_type = String, format = Binary)]
pub(super) struct ComponentBytes(Vec<u8>);

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
