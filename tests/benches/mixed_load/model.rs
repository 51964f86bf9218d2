//! What the accepted events of an organisation call for, and a next event for it: one that fits, or one that must be
//! refused.

use std::collections::BTreeMap;

use rand::RngExt;
use serde_json::{Value, json};

/// Tables of an organisation, beyond which no other is begun.
const TABLES: usize = 6;
/// Columns of a table, beyond which one goes.
const COLUMNS: usize = 12;

/// An organisation as one client after the other left it.
#[derive(Debug, Default)]
pub struct Org {
    pub name: String,
    pub tables: BTreeMap<String, Table>,
    /// Ids of the events that were accepted, in their order.
    pub accepted: Vec<String>,
    /// Ids of those that were refused for good.
    pub refused: Vec<String>,
    /// Events begun, those without a definite answer among them.
    begun: usize,
}

/// A table: its columns, and how many it had besides.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Table {
    pub columns: BTreeMap<String, Column>,
    pub dropped: usize,
}

/// A column as the database's catalogue tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    pub ty: String,
    pub nullable: bool,
    pub default: Option<String>,
}

/// An event, and what comes of it.
pub struct Event {
    pub id: String,
    pub body: Value,
    pub effect: Effect,
}

/// What an event does when it is accepted.
pub enum Effect {
    /// It must not be: with this code it is refused.
    Refused(&'static str),
    Table(String, BTreeMap<String, Column>),
    /// A column is made, changed or dropped.
    Column {
        table: String,
        from: Option<String>,
        to: Option<(String, Column)>,
    },
}

/// A type as events say it, as the catalogue does, and a default of it as both do.
struct Kind {
    event: &'static str,
    catalogue: &'static str,
    default: fn(usize) -> (Value, String),
}

const KINDS: [Kind; 4] = [
    Kind {
        event: "Text",
        catalogue: "text",
        default: |n| (json!(format!("it's {n}")), format!("'it''s {n}'::text")),
    },
    Kind {
        event: "String",
        catalogue: "character varying",
        default: |n| (json!(format!("d{n}")), format!("'d{n}'::character varying")),
    },
    Kind { event: "Int", catalogue: "integer", default: |n| (json!(n), n.to_string()) },
    Kind {
        event: "Boolean",
        catalogue: "boolean",
        default: |n| (json!(n % 2 == 0), (n % 2 == 0).to_string()),
    },
];

impl Kind {
    fn of(column: &Column) -> Option<&'static Self> {
        KINDS.iter().find(|kind| kind.catalogue == column.ty)
    }

    fn any() -> &'static Self {
        &KINDS[rand::rng().random_range(0..KINDS.len())]
    }

    fn column(&self) -> Column {
        Column { ty: self.catalogue.to_owned(), nullable: true, default: None }
    }
}

impl Org {
    /// An organisation to which nothing was sent yet.
    pub fn new(name: String) -> Self {
        Self { name, ..Self::default() }
    }

    /// What is sent next.
    pub fn next(&mut self) -> Event {
        self.begun += 1;
        let number = self.begun;
        let id = format!("{}-{number}", self.name);
        let table = self.tables.keys().nth(below(self.tables.len())).cloned();
        let (mut body, effect) = match table {
            Some(table) if self.tables.len() >= TABLES || below(12) > 0 => self.of_table(&table, number),
            _ => new_table(number),
        };
        body["id"] = id.clone().into();
        Event { id, body, effect }
    }

    fn of_table(&self, table: &str, number: usize) -> (Value, Effect) {
        let columns = &self.tables[table].columns;
        // The first is the key, and stays as it is.
        let others: Vec<_> = columns.iter().filter(|(name, _)| *name != "id").collect();
        if others.is_empty() {
            return add(table, number);
        }
        let (name, column) = others[below(others.len())];
        match below(20) {
            0 => wrong(table, name, number),
            1..=4 => drop_column(table, name),
            _ if columns.len() >= COLUMNS => drop_column(table, name),
            5..=8 => changed(
                table,
                name,
                &format!("r{number}"),
                column.clone(),
                json!({"name": format!("r{number}")}),
            ),
            9..=10 => {
                let nullable = !column.nullable;
                changed(
                    table,
                    name,
                    name,
                    Column { nullable, ..column.clone() },
                    json!({"nullable": nullable}),
                )
            }
            11..=13 => {
                let (value, default) = match Kind::of(column) {
                    Some(kind) if column.default.is_none() || below(3) > 0 => {
                        let (value, text) = (kind.default)(number);
                        (value, Some(text))
                    }
                    _ => (Value::Null, None),
                };
                changed(table, name, name, Column { default, ..column.clone() }, json!({"default": value}))
            }
            _ => add(table, number),
        }
    }

    /// Notes that an event was accepted.
    pub fn accepted(&mut self, event: Event) {
        self.accepted.push(event.id);
        match event.effect {
            Effect::Refused(_) => {}
            Effect::Table(name, columns) => {
                self.tables.insert(name, Table { columns, dropped: 0 });
            }
            Effect::Column { table, from, to } => {
                let table = self.tables.entry(table).or_default();
                if let Some(from) = &from {
                    table.columns.remove(from);
                }
                table.dropped += usize::from(to.is_none());
                table.columns.extend(to);
            }
        }
    }
}

fn new_table(number: usize) -> (Value, Effect) {
    let (name, kind) = (format!("t{number}"), Kind::any());
    let key = Column { ty: "integer".to_owned(), nullable: false, default: None };
    let columns = BTreeMap::from([("id".to_owned(), key), ("first".to_owned(), kind.column())]);
    let fields = json!([{"name": "id", "type": "Int", "primaryKey": true, "nullable": false},
        {"name": "first", "type": kind.event}]);
    let body = json!({"type": "entity.create", "entity": {"name": name, "fields": fields}});
    (body, Effect::Table(name, columns))
}

fn add(table: &str, number: usize) -> (Value, Effect) {
    let (name, kind) = (format!("c{number}"), Kind::any());
    let body = json!({"type": "field.create", "entity": table, "field": {"name": name, "type": kind.event}});
    let to = Some((name, kind.column()));
    (body, Effect::Column { table: table.to_owned(), from: None, to })
}

fn changed(table: &str, from: &str, to: &str, column: Column, changes: Value) -> (Value, Effect) {
    let body = json!({"type": "field.update", "entity": table, "field": from, "changes": changes});
    let (from, to) = (Some(from.to_owned()), Some((to.to_owned(), column)));
    (body, Effect::Column { table: table.to_owned(), from, to })
}

fn drop_column(table: &str, name: &str) -> (Value, Effect) {
    let body = json!({"type": "field.delete", "entity": table, "field": name, "dropColumn": true});
    (body, Effect::Column { table: table.to_owned(), from: Some(name.to_owned()), to: None })
}

/// An event that the metadata or the plugin refuses.
fn wrong(table: &str, name: &str, number: usize) -> (Value, Effect) {
    let create =
        |name: &str| json!({"type": "field.create", "entity": table, "field": {"name": name, "type": "Int"}});
    match below(3) {
        0 => (create(&format!("Wrong{number}")), Effect::Refused("plugin/rejected/name-pattern")),
        1 => (create(name), Effect::Refused("metadata/conflict")),
        _ => {
            let none = format!("none{number}");
            let body = json!({"type": "field.delete", "entity": table, "field": none, "dropColumn": true});
            (body, Effect::Refused("metadata/not-found"))
        }
    }
}

/// A number below another; 0 of none.
pub fn below(most: usize) -> usize {
    rand::rng().random_range(0..most.max(1))
}
