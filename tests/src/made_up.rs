//! Sequences of changes that nobody thought of: random steps, made into events that fit the metadata as it then is.
//!
//! For the property tests. Names come from a small pool, so that they are given up and taken again.

use hookwright_core::event::{Body, Change};
use hookwright_core::metadata::{Entity, Metadata};
use hookwright_core::spec::FieldSpec;
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value as Json, json};

const ENTITIES: [&str; 5] = ["alpha", "beta", "gamma", "Alpha", "order"];
const FIELDS: [&str; 8] = ["a", "b", "c", "d", "A", "select", "created_by", "it"];

/// A step: what is done, and numbers that pick what it is done to.
type Step = (u8, [u8; 4]);

/// Steps, grouped into changes.
#[derive(Debug, Clone)]
pub struct Sequence {
    changes: Vec<Vec<Step>>,
}

/// Any sequence.
pub fn sequence() -> impl Strategy<Value = Sequence> {
    let step = (0_u8..20, any::<[u8; 4]>());
    vec(vec(step, 1..4), 4..24).prop_map(|changes| Sequence { changes })
}

impl Sequence {
    /// The changes as JSON, should each of them be applied.
    pub fn changes(&self) -> Vec<String> {
        let mut known = self.begin();
        let mut changes = Vec::new();
        while let Some(change) = known.change() {
            known.applied();
            changes.push(change);
        }
        changes
    }

    /// Its beginning.
    pub fn begin(&self) -> Known<'_> {
        Known { left: self.changes.iter(), now: Metadata::default(), then: Metadata::default(), events: 0 }
    }
}

/// What is known of the metadata on the way through a sequence.
#[derive(Debug)]
pub struct Known<'a> {
    left: std::slice::Iter<'a, Vec<Step>>,
    now: Metadata,
    /// Once the change that was given last is applied.
    then: Metadata,
    events: usize,
}

impl Known<'_> {
    /// The change that was given last took place.
    pub fn applied(&mut self) {
        self.now = self.then.clone();
    }

    /// The next change, as JSON.
    pub fn change(&mut self) -> Option<String> {
        loop {
            let steps = self.left.next()?;
            self.then = self.now.clone();
            let events: Vec<_> = steps.iter().filter_map(|step| self.event(step)).collect();
            if !events.is_empty() {
                return Some(Json::Array(events).to_string());
            }
        }
    }

    fn event(&mut self, (kind, picks): &Step) -> Option<Json> {
        let mut event = body(&self.then, *kind, picks)?;
        self.events += 1;
        event["id"] = json!(format!("e-{}", self.events));
        let mut after = self.then.clone();
        follow(&mut after, &event)?;
        self.then = after;
        Some(event)
    }
}

fn body(known: &Metadata, kind: u8, [a, b, c, d]: &[u8; 4]) -> Option<Json> {
    let entities: Vec<_> = known.entities.values().collect();
    if kind < 3 || entities.is_empty() {
        return Some(
            json!({"type": "entity.create", "entity": {"name": pick(&ENTITIES, *a), "fields": fields(known, *b, [*c, *d])}}),
        );
    }
    let entity = entities[usize::from(*a) % entities.len()];
    let name = entity.name.as_str();
    match kind {
        3 => return Some(json!({"type": "entity.delete", "entity": name, "dropTable": true})),
        4 => {
            return Some(
                json!({"type": "entity.update", "entity": name, "changes": {"name": pick(&ENTITIES, *b)}}),
            );
        }
        5..=8 => {
            return Some(
                json!({"type": "field.create", "entity": name, "field": field(known, pick(&FIELDS, *b), [*c, *d])}),
            );
        }
        _ => {}
    }
    let field = &entity.fields.get(usize::from(*b) % entity.fields.len().max(1))?.spec;
    let of = field.name.as_str();
    match kind {
        9 => Some(json!({"type": "field.delete", "entity": name, "field": of, "dropColumn": true})),
        _ => Some(
            json!({"type": "field.update", "entity": name, "field": of, "changes": changes(known, kind, [*c, *d])}),
        ),
    }
}

fn pick<'a>(from: &[&'a str], by: u8) -> &'a str {
    from[usize::from(by) % from.len()]
}

/// A key, and up to three more.
fn fields(known: &Metadata, count: u8, [c, d]: [u8; 2]) -> Vec<Json> {
    let mut fields = vec![json!({"name": "id", "type": "String", "nullable": false, "primaryKey": true})];
    for number in 0..count % 4 {
        let by = c.wrapping_add(number.wrapping_mul(37));
        let name = FIELDS[usize::from(number) * 2 + usize::from(d % 2)];
        fields.push(field(known, name, [by, d.wrapping_add(number)]));
    }
    fields
}

fn field(known: &Metadata, name: &str, [c, d]: [u8; 2]) -> Json {
    let mut field = typed(c);
    field["name"] = json!(name);
    field["nullable"] = json!(d % 4 != 0);
    for (key, bit) in [("unique", 4), ("indexed", 8)] {
        field[key] = json!(d & bit != 0 && d & 1 == 0);
    }
    if d & 16 != 0 {
        field["default"] = default_of(c);
    }
    if d & 96 == 96 {
        refer(known, &mut field, c);
    }
    field
}

/// A type with its parameters.
fn typed(by: u8) -> Json {
    match by % 14 {
        0 => json!({"type": "String"}),
        1 => json!({"type": "String", "length": 5}),
        2 => json!({"type": "Text"}),
        3 => json!({"type": "Int"}),
        4 => json!({"type": "BigInt"}),
        5 => json!({"type": "Float"}),
        6 => json!({"type": "Decimal", "precision": 9, "scale": 2}),
        7 => json!({"type": "Boolean"}),
        8 => json!({"type": "Date"}),
        9 => json!({"type": "Time"}),
        10 => json!({"type": "DateTime"}),
        11 => json!({"type": "Uuid"}),
        12 => json!({"type": "Enum", "values": ["v1", "it's", "v2"]}),
        _ => json!({"type": "Json"}),
    }
}

/// A default for the type of the same number.
fn default_of(by: u8) -> Json {
    match by % 14 {
        0..=2 => json!("v1"),
        3 | 4 => json!(7),
        5 => json!(1.5),
        6 => json!("2.5"),
        7 => json!(true),
        8..=10 => json!({"function": "now"}),
        11 => json!("123e4567-e89b-12d3-a456-426614174000"),
        12 => json!("it's"),
        _ => json!({"a": [1, "it's"]}),
    }
}

/// Keys have one type, so a field that refers to one has it too.
fn refer(known: &Metadata, field: &mut Json, by: u8) {
    let entities: Vec<&str> = known.entities.keys().map(|name| name.as_str()).collect();
    if entities.is_empty() {
        return;
    }
    let on_delete = match field["nullable"] == json!(true) {
        true => pick(&["SET NULL", "CASCADE", "RESTRICT"], by),
        false => pick(&["CASCADE", "RESTRICT"], by),
    };
    *field = json!({"name": field["name"], "type": "String", "nullable": field["nullable"], "unique": field["unique"],
        "references": {"table": pick(&entities, by / 3), "column": "id", "onDelete": on_delete}});
}

fn changes(known: &Metadata, kind: u8, [c, d]: [u8; 2]) -> Json {
    match kind {
        10 | 11 => json!({"name": pick(&FIELDS, c)}),
        12 | 13 => json!({"nullable": c % 2 == 0}),
        14 => json!({"unique": c % 2 == 0}),
        15 => json!({"indexed": c % 2 == 0, "comment": format!("it's {d}")}),
        16 => {
            let mut changes = typed(c);
            changes["default"] = if d % 2 == 0 { Json::Null } else { default_of(c) };
            changes
        }
        17 => json!({"default": default_of(c)}),
        18 => json!({"default": null, "references": null, "name": pick(&FIELDS, c)}),
        _ => {
            let mut field = json!({"name": "x", "nullable": true, "unique": false});
            refer(known, &mut field, c);
            json!({"type": "String", "default": null, "nullable": true, "references": field.get("references")})
        }
    }
}

/// The metadata once an event took place; nothing if it cannot.
fn follow(known: &mut Metadata, event: &Json) -> Option<()> {
    let change = Change::from_json(event.clone()).ok()?;
    let event = change.events.first()?;
    match &event.body {
        Body::EntityCreate { entity } => known.create_entity(&event.id, entity).ok(),
        Body::EntityUpdate { entity, changes } => {
            let to = changes.apply(&known.need(entity).ok()?.spec()).ok()?;
            known.update_entity(entity, &to).ok()
        }
        Body::EntityDelete { entity, .. } => {
            let outside = |e: &Entity| e.name != *entity;
            let_go(known, known.references_to(entity, None).filter(|(e, _)| outside(e)).map(pair).collect());
            known.delete_entity(entity).ok()
        }
        Body::FieldCreate { entity, field } => known.create_field(&event.id, entity, field).ok(),
        Body::FieldUpdate { entity, field, changes } => {
            let to = changes.apply(&known.need_field(entity, field).ok()?.spec).ok()?;
            known.update_field(entity, field, &to).ok()
        }
        Body::FieldDelete { entity, field, .. } => {
            let_go(known, known.references_to(entity, Some(field)).map(pair).collect());
            known.delete_field(entity, field).ok()
        }
        // Nothing that is made up is restored, purged or rolled back.
        Body::EntityRestore { .. }
        | Body::FieldRestore { .. }
        | Body::EntityPurge { .. }
        | Body::FieldPurge { .. }
        | Body::PurgeExpired
        | Body::ChangeRollback { .. }
        | Body::SchemaSync { .. }
        | Body::SchemaAdopt { .. } => None,
    }
}

type Referring = (hookwright_core::ident::Ident, FieldSpec);

fn pair((entity, field): (&Entity, &hookwright_core::metadata::Field)) -> Referring {
    (entity.name.clone(), field.spec.clone())
}

fn let_go(known: &mut Metadata, referring: Vec<Referring>) {
    for (entity, old) in referring {
        let new = FieldSpec { references: None, ..old.clone() };
        known.update_field(&entity, &old.name, &new).ok();
    }
}
