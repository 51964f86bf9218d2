//! JSON to [`Event`]: one shape per type, errors with the pointer to the place.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;

use super::error::segment;
use super::{Body, Consent, EntityPatch, Event, EventError, FieldPatch, MAX_ID_BYTES};
use crate::drift::Scope;
use crate::ident::{Ident, IdentError, quoted};
use crate::schema::BURIED_PREFIX;
use crate::spec::{EntitySpec, EntityWire, FieldSpec, FieldWire, SpecError};
use crate::spec_bounds::countable;

macro_rules! shape {
    ($name:ident { $($(#[$attribute:meta])* $field:ident: $ty:ty),* $(,)? }) => {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase", deny_unknown_fields)]
        struct $name {
            id: String,
            #[serde(rename = "type")]
            _type: String,
            actor: Option<String>,
            correlation_id: Option<String>,
            at: Option<String>,
            #[serde(default)]
            confirm: bool,
            #[serde(default)]
            allow_destructive: bool,
            #[serde(default)]
            dry_run: bool,
            $($(#[$attribute])* $field: $ty),*
        }

        impl $name {
            fn envelope(&self) -> Envelope {
                Envelope {
                    id: self.id.clone(),
                    actor: self.actor.clone(),
                    correlation_id: self.correlation_id.clone(),
                    at: self.at.clone(),
                    consent: Consent {
                        confirm: self.confirm,
                        allow_destructive: self.allow_destructive,
                        dry_run: self.dry_run,
                    },
                }
            }
        }
    };
}

shape!(EntityCreate { entity: EntityWire });
shape!(EntityUpdate { entity: String, changes: EntityPatch });
shape!(EntityDelete {
    entity: String,
    #[serde(default)]
    drop_table: bool
});
shape!(FieldCreate { entity: String, field: FieldWire });
shape!(FieldUpdate { entity: String, field: String, changes: FieldPatch });
shape!(FieldDelete {
    entity: String,
    field: String,
    #[serde(default)]
    drop_column: bool
});

shape!(OfEntity { entity: String, kept: Option<String> });
shape!(OfField { entity: String, field: String, kept: Option<String> });
shape!(PurgeExpired {});
shape!(ChangeRollback { change: String });
shape!(OfSchema {
    entity: Option<String>,
    field: Option<String>,
    #[serde(default)]
    extras: bool,
    #[serde(default)]
    loosening: bool
});

/// What all events have.
struct Envelope {
    id: String,
    actor: Option<String>,
    correlation_id: Option<String>,
    at: Option<String>,
    consent: Consent,
}

const KINDS: &str = "entity.create, entity.update, entity.delete, field.create, field.update, field.delete, \
    entity.restore, field.restore, entity.purge, field.purge, tombstones.purge, change.rollback, schema.sync, schema.adopt";

pub(super) fn many(items: Vec<Json>) -> Result<Vec<Event>, EventError> {
    items.into_iter().enumerate().map(|(index, item)| event(item, &format!("/{index}"))).collect()
}

pub(super) fn event(json: Json, base: &str) -> Result<Event, EventError> {
    let Json::Object(map) = &json else {
        return Err(EventError::at(base, "an event is a JSON object; give one, or an array of them"));
    };
    let kind = match map.get("type") {
        Some(Json::String(kind)) => kind.clone(),
        Some(_) => {
            return Err(EventError::at(
                &format!("{base}/type"),
                format!("\"type\" is not a text; give one of {KINDS}"),
            ));
        }
        None => return Err(EventError::at(base, format!("the event has no \"type\"; give one of {KINDS}"))),
    };
    objects(&kind, &json, base)?;
    let (envelope, body) = body(&kind, &json, base)?;
    check_envelope(&envelope, base)?;
    let Envelope { id, actor, correlation_id, at, consent } = envelope;
    Ok(Event { id, actor, correlation_id, at, body, consent, json: without_consent(json) })
}

fn body(kind: &str, json: &Json, base: &str) -> Result<(Envelope, Body), EventError> {
    let place = |tail: &str| format!("{base}{tail}");
    Ok(match kind {
        "entity.create" => {
            let event: EntityCreate = read(json, base)?;
            (event.envelope(), Body::EntityCreate { entity: entity(event.entity, &place("/entity"))? })
        }
        "entity.update" => {
            let event: EntityUpdate = read(json, base)?;
            event.changes.check().map_err(|e| spec_error(&e, &place("/changes")))?;
            let entity = name(Ident::table, &event.entity, &place("/entity"))?;
            (event.envelope(), Body::EntityUpdate { entity, changes: event.changes })
        }
        "entity.delete" => {
            let event: EntityDelete = read(json, base)?;
            let entity = name(Ident::table, &event.entity, &place("/entity"))?;
            (event.envelope(), Body::EntityDelete { entity, drop_table: event.drop_table })
        }
        "field.create" => {
            let event: FieldCreate = read(json, base)?;
            let entity = name(Ident::table, &event.entity, &place("/entity"))?;
            let envelope = event.envelope();
            (envelope, Body::FieldCreate { entity, field: field(event.field, &place("/field"))? })
        }
        "field.update" => {
            let event: FieldUpdate = read(json, base)?;
            let entity = name(Ident::table, &event.entity, &place("/entity"))?;
            let field = name(Ident::column, &event.field, &place("/field"))?;
            if let Some(to) = &event.changes.name {
                name(Ident::column, to, &place("/changes/name"))?;
            }
            (event.envelope(), Body::FieldUpdate { entity, field, changes: event.changes })
        }
        "field.delete" => {
            let event: FieldDelete = read(json, base)?;
            let entity = name(Ident::table, &event.entity, &place("/entity"))?;
            let field = name(Ident::column, &event.field, &place("/field"))?;
            (event.envelope(), Body::FieldDelete { entity, field, drop_column: event.drop_column })
        }
        _ => return reversal(kind, json, base),
    })
}

/// What undoes something, or makes that impossible.
fn reversal(kind: &str, json: &Json, base: &str) -> Result<(Envelope, Body), EventError> {
    let place = |tail: &str| format!("{base}{tail}");
    Ok(match kind {
        "entity.restore" | "entity.purge" => {
            let event: OfEntity = read(json, base)?;
            let entity = name(Ident::table, &event.entity, &place("/entity"))?;
            let kept = kept(event.kept.as_deref(), &place("/kept"))?;
            let restores = kind == "entity.restore";
            (
                event.envelope(),
                if restores {
                    Body::EntityRestore { entity, kept }
                } else {
                    Body::EntityPurge { entity, kept }
                },
            )
        }
        "field.restore" | "field.purge" => {
            let event: OfField = read(json, base)?;
            let entity = name(Ident::table, &event.entity, &place("/entity"))?;
            let field = name(Ident::column, &event.field, &place("/field"))?;
            let kept = kept(event.kept.as_deref(), &place("/kept"))?;
            let body = match kind {
                "field.restore" => Body::FieldRestore { entity, field, kept },
                _ => Body::FieldPurge { entity, field, kept },
            };
            (event.envelope(), body)
        }
        "tombstones.purge" => (read::<PurgeExpired>(json, base)?.envelope(), Body::PurgeExpired),
        "change.rollback" => {
            let event: ChangeRollback = read(json, base)?;
            plain("change", &event.change, &place("/change"))?;
            (event.envelope(), Body::ChangeRollback { change: event.change })
        }
        "schema.sync" => {
            let (envelope, scope) = of_schema(json, base)?;
            (envelope, Body::SchemaSync { scope })
        }
        "schema.adopt" => {
            let (envelope, scope) = of_schema(json, base)?;
            (envelope, Body::SchemaAdopt { scope })
        }
        other => {
            let message = format!("there is no event type {}; give one of {KINDS}", quoted(&clip(other)));
            return Err(EventError::at(&place("/type"), message));
        }
    })
}

fn of_schema(json: &Json, base: &str) -> Result<(Envelope, Scope), EventError> {
    let place = |tail: &str| format!("{base}{tail}");
    let event: OfSchema = read(json, base)?;
    let table = event.entity.as_deref().map(|n| name(Ident::table, n, &place("/entity"))).transpose()?;
    let column = event.field.as_deref().map(|n| name(Ident::column, n, &place("/field"))).transpose()?;
    if column.is_some() && table.is_none() {
        return Err(EventError::at(&place("/field"), "a field is of an entity; give \"entity\" too"));
    }
    Ok((event.envelope(), Scope { table, column, extras: event.extras, loosening: event.loosening }))
}

/// Serde would read a list as an object, by position; an event says what it means by name.
fn objects(kind: &str, json: &Json, base: &str) -> Result<(), EventError> {
    let spec = if kind == "entity.create" { "entity" } else { "field" };
    let mut places: Vec<(String, Option<&Json>)> = vec![("/changes".into(), json.get("changes"))];
    if kind.ends_with(".create") {
        places.push((format!("/{spec}"), json.get(spec)));
    }
    let fields = json.pointer("/entity/fields").and_then(Json::as_array).into_iter().flatten().enumerate();
    places.extend(fields.map(|(index, field)| (format!("/entity/fields/{index}"), Some(field))));
    let references: Vec<_> = places
        .iter()
        .filter_map(|(place, json)| {
            Some((format!("{place}/references"), Some(json.as_ref()?.get("references")?)))
        })
        .filter(|(_, reference)| !reference.is_some_and(Json::is_null))
        .collect();
    let list = places.iter().chain(&references).find(|(_, json)| json.is_some_and(|j| !j.is_object()));
    match list {
        None => Ok(()),
        Some((place, _)) => {
            Err(EventError::at(&format!("{base}{place}"), "it is not a JSON object; give one, with its keys"))
        }
    }
}

/// Reads a shape; what does not fit is reported with its pointer.
fn read<T: DeserializeOwned>(json: &Json, base: &str) -> Result<T, EventError> {
    serde_path_to_error::deserialize(json).map_err(|error| {
        let mut pointer = base.to_owned();
        for part in error.path().iter() {
            use serde_path_to_error::Segment;
            match part {
                Segment::Seq { index } => pointer.push_str(&format!("/{index}")),
                Segment::Map { key } => pointer.push_str(&format!("/{}", segment(key))),
                Segment::Enum { .. } | Segment::Unknown => {}
            }
        }
        EventError::at(&pointer, clip(&error.into_inner().to_string()))
    })
}

fn name(
    parse: fn(&str) -> Result<Ident, IdentError>,
    text: &str,
    pointer: &str,
) -> Result<Ident, EventError> {
    parse(text).map_err(|e| EventError::at(pointer, e.to_string()))
}

/// The name that something dropped has in the database.
fn kept(text: Option<&str>, pointer: &str) -> Result<Option<Ident>, EventError> {
    let Some(text) = text else { return Ok(None) };
    let kept = name(Ident::parse, text, pointer)?;
    if !text.starts_with(BURIED_PREFIX) {
        let message = format!(
            "{} is nothing that was dropped; give the name that the list of what is kept shows, or leave it out",
            quoted(&clip(text))
        );
        return Err(EventError::at(pointer, message));
    }
    Ok(Some(kept))
}

fn entity(wire: EntityWire, base: &str) -> Result<EntitySpec, EventError> {
    countable(wire.fields.len()).map_err(|e| spec_error(&e, base))?;
    for (index, one) in wire.fields.iter().enumerate() {
        field(one.clone(), &format!("{base}/fields/{index}"))?;
    }
    EntitySpec::try_from(wire).map_err(|e| spec_error(&e, base))
}

fn field(wire: FieldWire, base: &str) -> Result<FieldSpec, EventError> {
    FieldSpec::try_from(wire).map_err(|e| spec_error(&e, base))
}

fn spec_error(error: &SpecError, base: &str) -> EventError {
    EventError::at(&format!("{base}{}", error.attribute()), clip(&error.to_string()))
}

impl SpecError {
    /// The attribute that is wrong, as the end of a JSON pointer.
    #[must_use]
    pub fn attribute(&self) -> String {
        match self {
            Self::Ident(_) => "/name".into(),
            Self::Type(crate::field_type::TypeError::Length(_)) => "/length".into(),
            Self::Type(crate::field_type::TypeError::Decimal { .. }) => "/precision".into(),
            Self::Type(_) => "/values".into(),
            Self::Default(_) => "/default".into(),
            Self::Surplus { attribute, .. } => format!("/{attribute}"),
            Self::Schema(_) => "/references/schema".into(),
            Self::SetNull(_) => "/references/onDelete".into(),
            Self::Reference { part, .. } => format!("/references/{part}"),
            Self::NullableKey(_) => "/nullable".into(),
            Self::FieldTwice(..) | Self::LongKey(_) | Self::FieldCount(_) => "/fields".into(),
            Self::Text(what, _) => format!("/{what}"),
            Self::Missing { .. } => String::new(),
        }
    }
}

fn check_envelope(envelope: &Envelope, base: &str) -> Result<(), EventError> {
    let texts = [
        ("id", Some(&envelope.id)),
        ("actor", envelope.actor.as_ref()),
        ("correlationId", envelope.correlation_id.as_ref()),
    ];
    for (key, text) in texts {
        text.map_or(Ok(()), |text| plain(key, text, &format!("{base}/{key}")))?;
    }
    match envelope.at.as_deref().map(str::parse::<jiff::Timestamp>) {
        Some(Err(_)) => Err(EventError::at(
            &format!("{base}/at"),
            "\"at\" is not an instant such as 2024-01-31T13:45:00Z (RFC 3339); correct it",
        )),
        _ => Ok(()),
    }
}

fn plain(key: &str, text: &str, pointer: &str) -> Result<(), EventError> {
    if text.is_empty() || text.len() > MAX_ID_BYTES || text.chars().any(char::is_control) {
        let message = format!(
            "\"{key}\" is empty, longer than {MAX_ID_BYTES} bytes, or has control characters; give a plain text"
        );
        return Err(EventError::at(pointer, message));
    }
    Ok(())
}

fn without_consent(mut json: Json) -> Json {
    if let Json::Object(map) = &mut json {
        for key in ["confirm", "allowDestructive", "dryRun"] {
            map.shift_remove(key);
        }
    }
    json
}

/// What a hostile sender wrote may be long; a message is not.
fn clip(text: &str) -> String {
    const MOST: usize = 300;
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
