//! What an adoption does to the metadata, entity by entity and field by field, in words.

use super::part::type_in_full;
use crate::ident::{Ident, quoted};
use crate::metadata::{Changed, Entity, Metadata};
use crate::spec::FieldSpec;

/// Something that is other in the metadata than it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// The entity, by its name of afterwards.
    pub entity: Ident,
    /// The field; none if it is the entity itself.
    pub field: Option<Ident>,
    /// What became of it.
    pub deed: Deed,
    /// The particulars, in words: `String(200), NOT NULL`; may be empty.
    pub said: String,
}

/// What became of an entity or field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deed {
    /// It is new.
    Added,
    /// It is something else, or has another name.
    Changed,
    /// It is gone.
    Deleted,
}

impl Deed {
    /// In a word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Changed => "changed",
            Self::Deleted => "deleted",
        }
    }
}

/// What is other, in the order of the entities' names. Of an entity that is gone, its fields are not told.
#[must_use]
pub fn taken(before: &Metadata, after: &Metadata) -> Vec<Taken> {
    let mut all = Vec::new();
    for Changed { before, after } in Metadata::changes(before, after).into_values() {
        match (before, after) {
            (Some(was), Some(entity)) if was == entity => {}
            (Some(was), Some(entity)) => all.extend(of_entity(was, entity)),
            (Some(was), None) => all.push(whole(was, Deed::Deleted)),
            (None, after) => {
                all.extend(after.map(|entity| whole(entity, Deed::Added)));
                let fields =
                    after.into_iter().flat_map(|entity| entity.fields.iter().map(move |f| (entity, f)));
                all.extend(fields.map(|(entity, field)| of_field(entity, Deed::Added, &field.spec)));
            }
        }
    }
    all.sort_by(|a, b| (&a.entity, &a.field).cmp(&(&b.entity, &b.field)));
    all
}

fn whole(entity: &Entity, deed: Deed) -> Taken {
    Taken { entity: entity.name.clone(), field: None, deed, said: String::new() }
}

fn of_field(entity: &Entity, deed: Deed, spec: &FieldSpec) -> Taken {
    let said = if deed == Deed::Added { in_full(spec) } else { String::new() };
    Taken { entity: entity.name.clone(), field: Some(spec.name.clone()), deed, said }
}

fn of_entity(was: &Entity, now: &Entity) -> Vec<Taken> {
    let name = |entity: &Entity| Some(entity.name.as_str().to_owned());
    let comment = |entity: &Entity| entity.comment.as_deref().map(quoted);
    let own = differences([("name", name(was)), ("comment", comment(was))], [name(now), comment(now)]);
    let mut all = Vec::new();
    if !own.is_empty() {
        all.push(Taken { said: own, ..whole(now, Deed::Changed) });
    }
    let gone = was.fields.iter().filter(|field| !now.fields.iter().any(|other| other.id == field.id));
    all.extend(gone.map(|field| of_field(now, Deed::Deleted, &field.spec)));
    for field in &now.fields {
        match was.fields.iter().find(|other| other.id == field.id) {
            None => all.push(of_field(now, Deed::Added, &field.spec)),
            Some(old) if old.spec == field.spec => {}
            Some(old) => {
                let said = differences(worth(&old.spec), worth(&field.spec).map(|(_, value)| value));
                all.push(Taken { said, ..of_field(now, Deed::Changed, &field.spec) });
            }
        }
    }
    all
}

/// `type Int, was BigInt`, for each quality that is another.
fn differences<const N: usize>(was: [(&'static str, Option<String>); N], now: [Option<String>; N]) -> String {
    let told = |value: Option<String>| value.unwrap_or_else(|| "none".to_owned());
    let other = was.into_iter().zip(now).filter(|((_, was), now)| was != now);
    let each = other.map(|((quality, was), now)| format!("{quality} {}, was {}", told(now), told(was)));
    each.collect::<Vec<_>>().join("; ")
}

/// A field's qualities; none for what it lacks.
fn worth(spec: &FieldSpec) -> [(&'static str, Option<String>); 9] {
    let yes = |is: bool| is.then(|| "yes".to_owned());
    let reference = |to: &crate::spec::Reference| {
        format!("{}.{} on delete {}", to.table.as_str(), to.column.as_str(), to.on_delete.as_str())
    };
    [
        ("name", Some(spec.name.as_str().to_owned())),
        ("type", Some(type_in_full(&spec.ty))),
        ("nullability", Some(if spec.nullable { "NULL" } else { "NOT NULL" }.to_owned())),
        ("primary key", yes(spec.primary_key)),
        ("unique", yes(spec.unique)),
        ("indexed", yes(spec.indexed)),
        ("default", spec.default.as_ref().map(|value| value.to_json().to_string())),
        ("reference", spec.references.as_ref().map(reference)),
        ("comment", spec.comment.as_deref().map(quoted)),
    ]
}

/// A field in one line: `Int, NOT NULL, default 7`.
fn in_full(spec: &FieldSpec) -> String {
    let told = |(quality, value): (&'static str, Option<String>)| match (quality, value?) {
        ("name", _) => None,
        ("nullability", _) if spec.nullable => None,
        ("type" | "nullability", value) => Some(value),
        (quality, value) if value == "yes" => Some(quality.to_owned()),
        (quality, value) => Some(format!("{quality} {value}")),
    };
    worth(spec).into_iter().filter_map(told).collect::<Vec<_>>().join(", ")
}
