//! A change of each pattern that is made in steps, for the tests that break off at each of them.

use serde_json::{Value as Json, json};

/// A change of the entities of [`crate::bench`].
#[derive(Clone, Copy)]
pub enum Pattern {
    Required,
    Unique,
    RequiredAndUnique,
    Index,
    IndexGoes,
    Reference,
    WiderType,
    OtherType,
    Values,
    NewField,
    NewReference,
}

impl Pattern {
    /// What must be there first, besides the entities.
    pub fn before(self) -> Option<Json> {
        match self {
            Self::IndexGoes => Some(update("first", "status", json!({"indexed": true}))),
            _ => None,
        }
    }

    /// The event.
    pub fn event(self) -> Json {
        match self {
            Self::Required => update("x", "number", json!({"nullable": false})),
            Self::Unique => update("x", "number", json!({"unique": true})),
            Self::RequiredAndUnique => update("x", "number", json!({"nullable": false, "unique": true})),
            Self::Index => update("x", "status", json!({"indexed": true})),
            Self::IndexGoes => update("x", "status", json!({"indexed": false})),
            Self::Reference => update("x", "owner", json!({"references": account()})),
            Self::WiderType => update("x", "number", json!({"type": "BigInt"})),
            Self::OtherType => update("x", "note", json!({"type": "Int"})),
            Self::Values => {
                update("x", "status", json!({"type": "Enum", "values": ["draft", "open", "paid"]}))
            }
            Self::NewField => create(
                json!({"name": "kind", "type": "Enum", "values": ["a", "b"], "default": "a", "indexed": true}),
            ),
            Self::NewReference => create(json!({"name": "parent", "type": "Int", "references": account()})),
        }
    }
}

fn account() -> Json {
    json!({"table": "account", "column": "id", "onDelete": "RESTRICT"})
}

fn update(id: &str, field: &str, changes: Json) -> Json {
    json!({"id": id, "type": "field.update", "entity": "invoice", "field": field, "changes": changes})
}

fn create(field: Json) -> Json {
    json!({"id": "x", "type": "field.create", "entity": "invoice", "field": field})
}

/// One test for each pattern.
macro_rules! of_each_pattern {
    ($body:path: $($name:ident => $pattern:ident)+) => {
        $(#[test] fn $name() {
            hookwright_tests::world::runtime().block_on($body(crate::change::Pattern::$pattern));
        })+
    };
    ($body:path) => {
        crate::change::of_each_pattern! { $body:
            a_required_field => Required
            unique_values => Unique
            a_required_field_with_unique_values => RequiredAndUnique
            an_index => Index
            an_index_that_goes => IndexGoes
            a_reference => Reference
            a_wider_type => WiderType
            another_type => OtherType
            a_type_of_some_values => Values
            a_new_field_with_an_index => NewField
            a_new_reference => NewReference
        }
    };
}
pub(crate) use of_each_pattern;
