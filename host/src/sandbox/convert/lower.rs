//! From the core's values to the contract's: what a guest is called with.

use hookwright_core::ddl::print_expr;
use hookwright_core::field_type::FieldType;
use hookwright_core::hook::{Action, Context, EntityChange, FieldChange, HookCall};
use hookwright_core::ident::Ident;
use hookwright_core::schema::{
    Check, Column, ForeignKey, Index, IndexKey, IndexMethod, IndexShape, Table, Unique,
};
use hookwright_core::spec::{EntitySpec, FieldSpec, OnDelete, Reference};
use hookwright_core::value::DefaultValue;

use crate::sandbox::bindings::hookwright::hooks::types as wit;

/// About what a name takes, or another small part: it is a text of its own.
pub const PART_BYTES: usize = 64;

/// A call as the guest gets it: owned, so that the guest can go on elsewhere than where it was called.
pub struct Asked {
    pub cx: wit::Context,
    pub call: AskedOf,
}

pub enum AskedOf {
    EntityBefore(wit::EntityChange),
    EntityAfter(wit::EntityChange),
    FieldBefore(wit::FieldChange),
    FieldAfter(wit::FieldChange),
}

pub fn asked(cx: &Context, call: &HookCall) -> Asked {
    let call = match call {
        HookCall::EntityBefore(change) => AskedOf::EntityBefore(entity_change(change)),
        HookCall::EntityAfter(change) => AskedOf::EntityAfter(entity_change(change)),
        HookCall::FieldBefore(change) => AskedOf::FieldBefore(field_change(change)),
        HookCall::FieldAfter(change) => AskedOf::FieldAfter(field_change(change)),
    };
    Asked { cx: context(cx), call }
}

fn context(cx: &Context) -> wit::Context {
    let Context { org, event_id, actor, at } = cx;
    wit::Context { org: org.clone(), event_id: event_id.clone(), actor: actor.clone(), at: at.clone() }
}

fn entity_change(change: &EntityChange) -> wit::EntityChange {
    let EntityChange { action: what, old, new, drop_table } = change;
    wit::EntityChange {
        action: action(*what),
        old: old.as_ref().map(entity_spec),
        new: new.as_ref().map(entity_spec),
        drop_table: *drop_table,
    }
}

fn field_change(change: &FieldChange) -> wit::FieldChange {
    let FieldChange { entity, action: what, old, new, drop_column } = change;
    wit::FieldChange {
        entity: name(entity),
        action: action(*what),
        old: old.as_ref().map(field_spec),
        new: new.as_ref().map(field_spec),
        drop_column: *drop_column,
    }
}

pub fn table(table: &Table) -> wit::Table {
    // What is buried is nothing that a plugin can build on; the primary key's name it need not know.
    let Table { name: own, columns, primary_key, uniques, foreign_keys, checks, indexes, comment, .. } =
        table;
    wit::Table {
        name: name(own),
        columns: columns.values().map(column).collect(),
        primary_key: names(primary_key),
        uniques: uniques.iter().map(|Unique { name: _, columns, besides: _ }| names(columns)).collect(),
        foreign_keys: foreign_keys.iter().map(foreign_key).collect(),
        indexes: indexes.iter().map(index).collect(),
        checks: checks.iter().map(check).collect(),
        comment: comment.clone(),
    }
}

/// About how many bytes [`table`] makes of a table: for whoever has to know before it is made.
pub fn bytes_of(table: &Table) -> usize {
    let values = table.columns.values().filter_map(|column| column.ty.values()).map(<[String]>::len);
    PART_BYTES * (table.weight() + values.sum::<usize>()) + table.text_bytes()
}

fn action(action: Action) -> wit::Action {
    match action {
        Action::Create => wit::Action::Create,
        Action::Update => wit::Action::Update,
        Action::Delete => wit::Action::Delete,
    }
}

fn entity_spec(spec: &EntitySpec) -> wit::EntitySpec {
    let EntitySpec { name: own, label, comment, fields } = spec;
    wit::EntitySpec {
        name: name(own),
        label: label.clone(),
        comment: comment.clone(),
        fields: fields.iter().map(field_spec).collect(),
    }
}

fn field_spec(spec: &FieldSpec) -> wit::FieldSpec {
    let FieldSpec { name: own, ty, nullable, unique, indexed, primary_key, default, references, comment } =
        spec;
    wit::FieldSpec {
        name: name(own),
        type_: field_type(ty),
        nullable: *nullable,
        unique: *unique,
        indexed: *indexed,
        primary_key: *primary_key,
        default: default.as_ref().map(default_value),
        references: references.as_ref().map(reference),
        comment: comment.clone(),
    }
}

fn reference(reference: &Reference) -> wit::Reference {
    let Reference { table, column, on_delete: what } = reference;
    wit::Reference { table: name(table), column: name(column), on_delete: on_delete(*what) }
}

fn column(column: &Column) -> wit::Column {
    let Column { name: own, ty, nullable, default, comment, generated, unread: _ } = column;
    wit::Column {
        name: name(own),
        type_: field_type(ty),
        nullable: *nullable,
        default: default.as_ref().map(default_value),
        comment: comment.clone(),
        generated: generated.as_ref().map(print_expr),
    }
}

fn foreign_key(key: &ForeignKey) -> wit::ForeignKey {
    let ForeignKey { name: _, columns, table, target, on_delete: what, besides: _ } = key;
    wit::ForeignKey {
        columns: names(columns),
        table: name(table),
        target: names(target),
        on_delete: on_delete(*what),
    }
}

fn index(index: &Index) -> wit::Index {
    let Index { name: _, shape: IndexShape { keys, unique, include, predicate, method }, broken: _ } = index;
    wit::Index {
        keys: keys.iter().map(index_key).collect(),
        unique: *unique,
        include: names(include),
        predicate: predicate.as_ref().map(print_expr),
        method: match method {
            IndexMethod::Btree => wit::IndexMethod::Btree,
            IndexMethod::Hash => wit::IndexMethod::Hash,
            IndexMethod::Gin => wit::IndexMethod::Gin,
            IndexMethod::Brin => wit::IndexMethod::Brin,
        },
    }
}

fn index_key(key: &IndexKey) -> wit::IndexKey {
    match key {
        IndexKey::Column(column) => wit::IndexKey::Column(name(column)),
        IndexKey::Expression(expression) => wit::IndexKey::Expression(print_expr(expression)),
    }
}

fn check(check: &Check) -> wit::Check {
    let Check { name: own, expression, besides: _ } = check;
    wit::Check { name: name(own), expression: print_expr(expression) }
}

fn on_delete(what: OnDelete) -> wit::OnDelete {
    match what {
        OnDelete::Cascade => wit::OnDelete::Cascade,
        OnDelete::SetNull => wit::OnDelete::SetNull,
        OnDelete::Restrict => wit::OnDelete::Restrict,
    }
}

pub fn field_type(ty: &FieldType) -> wit::FieldType {
    match ty {
        FieldType::String { length } => wit::FieldType::String(*length),
        FieldType::Text => wit::FieldType::Text,
        FieldType::Int => wit::FieldType::Int,
        FieldType::BigInt => wit::FieldType::BigInt,
        FieldType::Float => wit::FieldType::Float,
        FieldType::Decimal { precision, scale } => {
            wit::FieldType::Decimal(wit::DecimalSize { precision: *precision, scale: *scale })
        }
        FieldType::Boolean => wit::FieldType::Boolean,
        FieldType::Date => wit::FieldType::Date,
        FieldType::Time => wit::FieldType::Time,
        FieldType::DateTime => wit::FieldType::DateTime,
        FieldType::Json => wit::FieldType::Json,
        FieldType::Uuid => wit::FieldType::Uuid,
        FieldType::Bytes => wit::FieldType::Bytes,
        FieldType::Enum { values } => wit::FieldType::Enum(values.clone()),
    }
}

pub fn default_value(value: &DefaultValue) -> wit::DefaultValue {
    match value {
        DefaultValue::Boolean(b) => wit::DefaultValue::Boolean(*b),
        DefaultValue::Integer(i) => wit::DefaultValue::Integer(*i),
        DefaultValue::Float(x) => wit::DefaultValue::Number(*x),
        DefaultValue::Decimal(text)
        | DefaultValue::Text(text)
        | DefaultValue::Date(text)
        | DefaultValue::Time(text)
        | DefaultValue::DateTime(text)
        | DefaultValue::Uuid(text)
        | DefaultValue::Bytes(text) => wit::DefaultValue::Text(text.clone()),
        DefaultValue::Json(document) => wit::DefaultValue::Text(document.to_string()),
        DefaultValue::Now => wit::DefaultValue::Now,
    }
}

fn name(name: &Ident) -> String {
    name.as_str().to_owned()
}

fn names(list: &[Ident]) -> Vec<String> {
    list.iter().map(name).collect()
}
