//! Events: requested metadata changes, from JSON to types.

mod error;
mod json;
mod patch;
mod wire;

use serde_json::Value as Json;
use sha2::{Digest, Sha256};

pub use error::EventError;
pub use patch::{EntityPatch, FieldPatch};

use crate::drift::Scope;
use crate::ident::Ident;
use crate::spec::{EntitySpec, FieldSpec};

/// Most events of one change.
pub const MAX_EVENTS: usize = 1000;
/// Most fields of one entity; PostgreSQL's limit for the columns of a table.
pub const MAX_FIELDS: usize = 1600;
/// Longest id of an event, actor or correlation, in bytes.
pub const MAX_ID_BYTES: usize = 200;

/// One requested metadata change.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// The idempotency key.
    pub id: String,
    /// Who asks.
    pub actor: Option<String>,
    /// What it belongs to, for the asker.
    pub correlation_id: Option<String>,
    /// When the asker says it happened (RFC 3339).
    pub at: Option<String>,
    /// What is asked for.
    pub body: Body,
    /// The consent that came with it.
    pub consent: Consent,
    /// The event as it came, without consent: what the ledger keeps.
    pub json: Json,
}

/// What an event asks for.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)]
pub enum Body {
    EntityCreate { entity: EntitySpec },
    EntityUpdate { entity: Ident, changes: EntityPatch },
    EntityDelete { entity: Ident, drop_table: bool },
    FieldCreate { entity: Ident, field: FieldSpec },
    FieldUpdate { entity: Ident, field: Ident, changes: FieldPatch },
    FieldDelete { entity: Ident, field: Ident, drop_column: bool },
    EntityRestore { entity: Ident, kept: Option<Ident> },
    FieldRestore { entity: Ident, field: Ident, kept: Option<Ident> },
    EntityPurge { entity: Ident, kept: Option<Ident> },
    FieldPurge { entity: Ident, field: Ident, kept: Option<Ident> },
    PurgeExpired,
    ChangeRollback { change: String },
    SchemaSync { scope: Scope },
    SchemaAdopt { scope: Scope },
}

/// What the sender allows beforehand.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Consent {
    /// What needs a confirmation may run.
    pub confirm: bool,
    /// What destroys data may run, and what needs a confirmation.
    pub allow_destructive: bool,
    /// Nothing may run: the plan is wanted.
    pub dry_run: bool,
}

/// One or more events that succeed or fail together.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// In order; at least one, no id twice.
    pub events: Vec<Event>,
}

impl Consent {
    /// Both together.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            confirm: self.confirm || other.confirm,
            allow_destructive: self.allow_destructive || other.allow_destructive,
            dry_run: self.dry_run || other.dry_run,
        }
    }
}

impl Change {
    /// Reads one event (an object) or several (an array) from JSON.
    ///
    /// # Errors
    /// An [`EventError`] with a JSON pointer to what is wrong.
    pub fn parse(bytes: &[u8]) -> Result<Self, EventError> {
        Self::from_json(json::strict(bytes)?)
    }

    /// The same, where the sender has an id for the whole: the event that has none gets it, and each of several that
    /// have none gets it with its place, `ID.0`.
    ///
    /// # Errors
    /// An [`EventError`] with a JSON pointer to what is wrong.
    pub fn parse_as(bytes: &[u8], id: &str) -> Result<Self, EventError> {
        let named = |json: &mut Json, id: &dyn Fn() -> String| {
            if let Some(event) = json.as_object_mut().filter(|event| !event.contains_key("id")) {
                event.shift_insert(0, "id".to_owned(), id().into());
            }
        };
        let mut json = json::strict(bytes)?;
        match json.as_array_mut() {
            Some(events) => {
                let each = events.iter_mut().enumerate();
                each.for_each(|(place, event)| named(event, &|| format!("{id}.{place}")));
            }
            None => named(&mut json, &|| id.to_owned()),
        }
        Self::from_json(json)
    }

    /// Reads one event or several from JSON that was parsed already.
    ///
    /// # Errors
    /// An [`EventError`] with a JSON pointer to what is wrong.
    pub fn from_json(json: Json) -> Result<Self, EventError> {
        let events = match json {
            Json::Array(items) => wire::many(items)?,
            single => vec![wire::event(single, "")?],
        };
        Self::of(events)
    }

    /// Joins changes into one.
    ///
    /// # Errors
    /// An [`EventError`] if they are too many, or an id occurs twice.
    pub fn join(changes: Vec<Self>) -> Result<Self, EventError> {
        Self::of(changes.into_iter().flat_map(|c| c.events).collect())
    }

    fn of(events: Vec<Event>) -> Result<Self, EventError> {
        if events.is_empty() || events.len() > MAX_EVENTS {
            return Err(EventError::at(
                "",
                format!("a change has {} events; give 1 to {MAX_EVENTS}", events.len()),
            ));
        }
        if events.len() > 1
            && let Some((index, event)) = events.iter().enumerate().find(|(_, e)| e.is_of_the_schema())
        {
            let message = format!("{} is a change of its own; send it alone", event.kind());
            return Err(EventError::at(&format!("/{index}/type"), message));
        }
        let mut seen = std::collections::BTreeSet::new();
        for (index, event) in events.iter().enumerate() {
            if !seen.insert(&event.id) {
                let message = format!(
                    "the id {} is given twice in one change; give each event its own",
                    crate::ident::quoted(&event.id)
                );
                return Err(EventError::at(&format!("/{index}/id"), message));
            }
        }
        Ok(Self { events })
    }

    /// The consent of all its events; a dry run if any asks for one.
    #[must_use]
    pub fn consent(&self) -> Consent {
        let all = |which: fn(&Consent) -> bool| self.events.iter().all(|e| which(&e.consent));
        Consent {
            confirm: all(|c| c.confirm || c.allow_destructive),
            allow_destructive: all(|c| c.allow_destructive),
            dry_run: self.events.iter().any(|e| e.consent.dry_run),
        }
    }
}

impl Event {
    /// What tells this event from another of the same id: a hash of what it asks for.
    #[must_use]
    pub fn digest(&self) -> String {
        hex::encode(Sha256::digest(canonical(&self.json).to_string()))
    }

    /// Whether it is about what the database has, and not about what the metadata say.
    #[must_use]
    pub fn is_of_the_schema(&self) -> bool {
        matches!(self.body, Body::SchemaSync { .. } | Body::SchemaAdopt { .. })
    }

    /// What kind of event it is, as its `type` says.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self.body {
            Body::EntityCreate { .. } => "entity.create",
            Body::EntityUpdate { .. } => "entity.update",
            Body::EntityDelete { .. } => "entity.delete",
            Body::FieldCreate { .. } => "field.create",
            Body::FieldUpdate { .. } => "field.update",
            Body::FieldDelete { .. } => "field.delete",
            Body::EntityRestore { .. } => "entity.restore",
            Body::FieldRestore { .. } => "field.restore",
            Body::EntityPurge { .. } => "entity.purge",
            Body::FieldPurge { .. } => "field.purge",
            Body::PurgeExpired => "tombstones.purge",
            Body::ChangeRollback { .. } => "change.rollback",
            Body::SchemaSync { .. } => "schema.sync",
            Body::SchemaAdopt { .. } => "schema.adopt",
        }
    }

    /// What it is about: `invoice`, or `invoice.status`.
    #[must_use]
    pub fn subject(&self) -> String {
        match &self.body {
            Body::EntityCreate { entity } => entity.name.as_str().to_owned(),
            Body::EntityUpdate { entity, .. }
            | Body::EntityDelete { entity, .. }
            | Body::EntityRestore { entity, .. }
            | Body::EntityPurge { entity, .. } => entity.as_str().to_owned(),
            Body::PurgeExpired => "expired".to_owned(),
            Body::ChangeRollback { change } => change.clone(),
            Body::SchemaSync { scope } | Body::SchemaAdopt { scope } => scope.to_string(),
            Body::FieldCreate { entity, field } => format!("{}.{}", entity.as_str(), field.name.as_str()),
            Body::FieldUpdate { entity, field, .. }
            | Body::FieldDelete { entity, field, .. }
            | Body::FieldRestore { entity, field, .. }
            | Body::FieldPurge { entity, field, .. } => format!("{}.{}", entity.as_str(), field.as_str()),
        }
    }
}

/// The same JSON with the keys of every object sorted.
fn canonical(json: &Json) -> Json {
    match json {
        Json::Array(items) => items.iter().map(canonical).collect(),
        Json::Object(map) => {
            let mut keys: Vec<_> = map.keys().collect();
            keys.sort();
            keys.into_iter().map(|k| (k.clone(), canonical(&map[k]))).collect()
        }
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> (String, String) {
        let error = Change::parse(text.as_bytes()).expect_err(text);
        (error.pointer, error.message)
    }

    #[test]
    fn the_id_of_the_whole_is_for_those_that_have_none() {
        let ids = |text: &str| {
            let change = Change::parse_as(text.as_bytes(), "m-1").expect(text);
            change.events.into_iter().map(|event| event.id).collect::<Vec<_>>()
        };
        let purge = r#"{"type":"tombstones.purge"}"#;
        assert_eq!(ids(purge), ["m-1"]);
        assert_eq!(ids(r#"{"id":"own","type":"tombstones.purge"}"#), ["own"]);
        assert_eq!(
            ids(&format!(r#"[{purge},{{"id":"own","type":"tombstones.purge"}},{purge}]"#)),
            ["m-1.0", "own", "m-1.2"]
        );
        let twice = Change::parse_as(
            format!(r#"[{purge},{{"id":"m-1.0","type":"tombstones.purge"}}]"#).as_bytes(),
            "m-1",
        );
        assert_eq!(twice.expect_err("one id for two").pointer, "/1/id");
        assert!(Change::parse_as(b"1", "m-1").is_err());
    }

    #[test]
    fn reads_every_kind() {
        let text = r#"[
          {"id":"1","type":"entity.create","actor":"u","entity":{"name":"invoice","fields":[{"name":"id","type":"Uuid","nullable":false,"primaryKey":true}]}},
          {"id":"2","type":"field.create","entity":"invoice","field":{"name":"status","type":"String"}},
          {"id":"3","type":"field.update","entity":"invoice","field":"status","changes":{"length":200,"nullable":false,"default":null}},
          {"id":"4","type":"field.delete","entity":"invoice","field":"status","dropColumn":true},
          {"id":"5","type":"entity.update","entity":"invoice","changes":{"name":"bill"}},
          {"id":"6","type":"entity.delete","entity":"bill","dropTable":true},
          {"id":"7","type":"entity.restore","entity":"bill","kept":"hookwright_dropped_1_bill"},
          {"id":"8","type":"field.restore","entity":"bill","field":"status"},
          {"id":"9","type":"entity.purge","entity":"bill"},
          {"id":"10","type":"field.purge","entity":"bill","field":"status","kept":"hookwright_dropped_2_status"},
          {"id":"11","type":"tombstones.purge"},
          {"id":"12","type":"change.rollback","change":"c-1"}]"#;
        let alone = Change::parse(br#"{"id":"1","type":"schema.sync","entity":"invoice","field":"status"}"#);
        assert_eq!(alone.expect("a change").events[0].subject(), "invoice.status");
        let among = br#"[{"id":"1","type":"entity.delete","entity":"x"},{"id":"2","type":"schema.adopt"}]"#;
        assert_eq!(Change::parse(among).expect_err("not alone").pointer, "/1/type");
        let change = Change::parse(text.as_bytes()).expect("a change");
        assert_eq!(change.events.len(), 12);
        assert_eq!(change.events[11].subject(), "c-1");
        assert_eq!(change.events[1].subject(), "invoice.status");
    }

    #[test]
    fn errors_point_at_the_place() {
        let bad = r#"[{"id":"1","type":"entity.create","entity":{"name":"x","fields":[{"name":"a","type":"Int"},{"name":"b","type":"Flat"}]}}]"#;
        assert_eq!(error(bad).0, "/0/entity/fields/1/type");
        let bad =
            r#"{"id":"1","type":"field.create","entity":"x","field":{"name":"a","type":"Int","defualt":1}}"#;
        assert_eq!(error(bad).0, "/field/defualt");
        let bad = r#"{"id":"1","type":"field.create","entity":"x","field":{"name":"a b","type":"Int"}}"#;
        assert_eq!(error(bad).0, "/field/name");
        let bad = r#"{"id":"1","type":"field.create","entity":"x","field":{"name":"a","type":"Int","default":"x"}}"#;
        assert_eq!(error(bad).0, "/field/default");
        let bad = r#"{"id":"1","type":"field.create","entity":"x","entity":"y"}"#;
        assert_eq!(error(bad), ("/entity".into(), "the key \"entity\" is given twice; keep one".into()));
        assert_eq!(error(r#"{"id":"1","type":"field.creat"}"#).0, "/type");
        assert_eq!(error(r#"{"id":"a\u0000","type":"entity.delete","entity":"x"}"#).0, "/id");
        assert_eq!(error("[]").0, "");
        let kept = r#"{"id":"1","type":"entity.restore","entity":"x","kept":"y\"; DROP TABLE x; --"}"#;
        assert_eq!(error(kept).0, "/kept");
        assert_eq!(error(r#"{"id":"1","type":"entity.purge","entity":"x","kept":"accounts"}"#).0, "/kept");
        assert_eq!(error(r#"{"id":"1","type":"field.purge","entity":"x","field":"a b"}"#).0, "/field");
        assert_eq!(error(r#"{"id":"1","type":"change.rollback","change":"a\nb"}"#).0, "/change");
        assert_eq!(error(r#"{"id":"1","type":"change.rollback","change":""}"#).0, "/change");
        let bad = r#"{"id":"1","type":"entity.create","entity":["zz",null,null,[]]}"#;
        assert_eq!(error(bad).0, "/entity");
        let bad = r#"{"id":"1","type":"field.create","entity":"x","field":{"name":"a","type":"Int","references":["t","c"]}}"#;
        assert_eq!(error(bad).0, "/field/references");
        let long = format!(r#"{{"{}":[0,0]}}"#, "k".repeat(1000));
        assert!(error(&long).1.contains("1000 bytes"));
        let bad = r#"{"id":"1","type":"field.create","entity":"x","field":{"name":"a","type":"Date","default":"-000044-03-15"}}"#;
        assert_eq!(error(bad).0, "/field/default");
    }

    #[test]
    fn the_same_event_has_the_same_digest_whatever_its_consent() {
        let one =
            Change::parse(br#"{"id":"1","type":"entity.delete","entity":"x","dropTable":true}"#).expect("ok");
        let two = Change::parse(
            br#"{"type":"entity.delete","id":"1","dropTable":true,"entity":"x","confirm":true}"#,
        )
        .expect("ok");
        assert_eq!(one.events[0].digest(), two.events[0].digest());
    }
}
