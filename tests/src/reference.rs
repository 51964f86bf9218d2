//! A second idea of what events mean, told as plainly as can be: JSON merged into JSON, and a set of columns.
//!
//! For the property tests. It shares no code with the core, so that both must be wrong in the same way to agree.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value as Json, json};

use crate::scenario::Dialect;
use crate::world::World;

/// What a type's parameters are called.
const PARAMETERS: [&str; 4] = ["length", "precision", "scale", "values"];
/// What the plugins of the tests give each table.
const GIVEN: [&str; 4] = ["created_at", "created_by", "updated_at", "updated_by"];

/// The entities there shall be.
#[derive(Debug, Clone, Default)]
pub struct Reference {
    entities: BTreeMap<String, Entity>,
    made: usize,
    /// Rows of each entity when they were counted last.
    rows: BTreeMap<usize, String>,
}

#[derive(Debug, Clone)]
struct Entity {
    /// Stays the same when the name changes.
    number: usize,
    fields: BTreeMap<String, Map<String, Json>>,
}

impl Reference {
    /// Follows a change that was applied.
    pub fn follow(&mut self, change: &str) {
        let events: Vec<Json> = serde_json::from_str(change).expect("events");
        events.iter().for_each(|event| self.event(event));
    }

    fn event(&mut self, event: &Json) {
        let text = |key: &str| event[key].as_str().unwrap_or_default().to_owned();
        let (entity, field) = (text("entity"), text("field"));
        match event["type"].as_str().expect("a type") {
            "entity.create" => self.create(&event["entity"]),
            "entity.update" => self.rename(&entity, event["changes"]["name"].as_str()),
            "entity.delete" => {
                self.entities.remove(&entity);
                self.refer(&entity, None, None);
            }
            "field.create" => self.put(&entity, object(&event["field"])),
            "field.update" => self.update(&entity, &field, &event["changes"]),
            "field.delete" => {
                self.fields(&entity).remove(&field);
                self.refer(&entity, Some(&field), None);
            }
            other => panic!("the reference does not know {other}"),
        }
    }

    fn create(&mut self, entity: &Json) {
        let name = entity["name"].as_str().expect("a name").to_owned();
        self.made += 1;
        self.entities.insert(name.clone(), Entity { number: self.made, fields: BTreeMap::new() });
        for field in entity["fields"].as_array().into_iter().flatten() {
            self.put(&name, object(field));
        }
    }

    fn rename(&mut self, entity: &str, to: Option<&str>) {
        let Some(to) = to else { return };
        let moved = self.entities.remove(entity).expect("the entity");
        self.entities.insert(to.to_owned(), moved);
        self.refer(entity, None, Some(json!({"table": to})));
    }

    fn update(&mut self, entity: &str, field: &str, changes: &Json) {
        let mut after = self.fields(entity).remove(field).expect("the field");
        if changes.get("type").is_some_and(|ty| *ty != after["type"]) {
            PARAMETERS.iter().for_each(|parameter| drop(after.remove(*parameter)));
        }
        after.extend(object(changes));
        let to = after["name"].as_str().expect("a name").to_owned();
        self.put(entity, after);
        if to != field {
            self.refer(entity, Some(field), Some(json!({"column": to})));
        }
    }

    fn put(&mut self, entity: &str, field: Map<String, Json>) {
        let name = field["name"].as_str().expect("a name").to_owned();
        self.fields(entity).insert(name, field);
    }

    fn fields(&mut self, entity: &str) -> &mut BTreeMap<String, Map<String, Json>> {
        &mut self.entities.get_mut(entity).expect("the entity").fields
    }

    /// What referred to an entity or field refers to nothing, or to the other name.
    fn refer(&mut self, table: &str, column: Option<&str>, to: Option<Json>) {
        let fields = self.entities.values_mut().flat_map(|entity| entity.fields.values_mut());
        for field in fields {
            let Some(reference) = field.get_mut("references").filter(|r| r["table"] == table) else {
                continue;
            };
            if column.is_some_and(|column| reference["column"] != column) {
                continue;
            }
            match &to {
                Some(to) => reference.as_object_mut().expect("an object").extend(object(to)),
                None => *reference = Json::Null,
            }
        }
    }

    /// Compares it with the metadata, and with what the database itself says that it has.
    ///
    /// # Errors
    /// Both sides, if they differ.
    pub async fn check(&self, world: &World) -> Result<(), String> {
        let entities = world.host().entities(world.org()).await.map_err(|e| e.to_string())?;
        let of = |entity: &hookwright_core::metadata::Entity| {
            let json = serde_json::to_value(entity.spec()).expect("JSON");
            let fields = json["fields"].as_array().into_iter().flatten();
            (entity.name.as_str().to_owned(), fields.map(|field| told(&object(field))).collect())
        };
        let metadata: BTreeMap<String, BTreeSet<String>> = entities.iter().map(of).collect();
        let own =
            |(name, entity): (&String, &Entity)| (name.clone(), entity.fields.values().map(told).collect());
        same("metadata", &metadata, &self.entities.iter().map(own).collect())?;
        same("columns", &self.columns(world).await?, &self.entities.iter().map(physical).collect())
    }

    /// Counts the rows of each entity.
    ///
    /// # Errors
    /// What the database says.
    pub async fn count_rows(&mut self, world: &World) -> Result<(), String> {
        self.rows = self.counted(world).await?;
        Ok(())
    }

    /// Whether each entity has the rows that were counted last, whatever it is called now.
    ///
    /// # Errors
    /// Both counts, if they differ.
    pub async fn keeps_rows(&self, world: &World) -> Result<(), String> {
        let now = self.counted(world).await?;
        let of_both = |a: &BTreeMap<usize, String>, b: &BTreeMap<usize, String>| {
            a.iter()
                .filter(|(number, _)| b.contains_key(number))
                .map(|(n, c)| (*n, c.clone()))
                .collect::<Vec<_>>()
        };
        same("rows", &of_both(&now, &self.rows), &of_both(&self.rows, &now))
    }

    async fn counted(&self, world: &World) -> Result<BTreeMap<usize, String>, String> {
        let one = |(name, entity): (&String, &Entity)| {
            format!("SELECT CAST({} AS bigint), count(*) FROM \"{name}\"", entity.number)
        };
        let all: Vec<_> = self.entities.iter().map(one).collect();
        if all.is_empty() {
            return Ok(BTreeMap::new());
        }
        let rows = world.rows(&all.join(" UNION ALL ")).await?;
        let pair = |row: String| {
            let (number, count) = row.split_once(" | ")?;
            Some((number.parse().ok()?, count.to_owned()))
        };
        rows.into_iter().map(|row| pair(row).ok_or_else(|| "no count".to_owned())).collect()
    }

    /// What the database says, without what plugins gave.
    async fn columns(&self, world: &World) -> Result<BTreeMap<String, BTreeSet<String>>, String> {
        let mut tables: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for row in world.rows(columns(world.dialect())).await? {
            let parts: Vec<&str> = row.split(" | ").collect();
            let [table, column, nullable] = parts.as_slice() else {
                return Err(format!("\"{row}\" is no column"));
            };
            let own = |entity: &Entity| entity.fields.contains_key(*column);
            let columns = tables.entry((*table).to_owned()).or_default();
            if !GIVEN.contains(column) || self.entities.get(*table).is_some_and(own) {
                columns.insert(format!("{column} {nullable}"));
            }
        }
        Ok(tables)
    }
}

fn object(json: &Json) -> Map<String, Json> {
    json.as_object().cloned().expect("an object")
}

/// A field in one line. A default's value is the databases' to spell; whether there is one is not.
fn told(field: &Map<String, Json>) -> String {
    let get = |key: &str| field.get(key).filter(|value| !value.is_null());
    let is = |key: &str, default: bool| get(key).and_then(Json::as_bool).unwrap_or(default);
    let ty = field["type"].as_str().expect("a type");
    let length = get("length").cloned().or_else(|| (ty == "String").then(|| json!(100)));
    let flags = [is("nullable", true), is("unique", false), is("indexed", false), is("primaryKey", false)];
    let rest = [length, get("precision").cloned(), get("scale").cloned(), get("values").cloned()];
    let to = get("references").map(|to| [&to["table"], &to["column"]].map(ToString::to_string));
    format!("{} {ty} {flags:?} {rest:?} default {} {to:?}", field["name"], get("default").is_some())
}

/// An entity's columns: name, and whether it may be NULL.
fn physical((name, entity): (&String, &Entity)) -> (String, BTreeSet<String>) {
    let nullable =
        |field: &Map<String, Json>| field.get("nullable").is_none_or(|value| *value != json!(false));
    let own = entity.fields.iter().map(|(name, field)| format!("{name} {}", nullable(field)));
    (name.clone(), own.collect())
}

/// Asks for every column: its table, its name, whether it may be NULL.
fn columns(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Postgres => {
            "SELECT table_name::text, column_name::text, CASE is_nullable WHEN 'YES' THEN 'true' ELSE 'false' END FROM information_schema.columns \
            WHERE table_schema = current_schema() AND table_name NOT LIKE 'hookwright%' AND column_name NOT LIKE 'hookwright%'"
        }
        Dialect::Sqlite => {
            "SELECT m.name, c.name, CASE WHEN c.\"notnull\" = 0 THEN 'true' ELSE 'false' END FROM sqlite_master m, pragma_table_info(m.name) c \
            WHERE m.type = 'table' AND m.name NOT LIKE 'hookwright%' AND m.name NOT LIKE 'sqlite%' AND c.name NOT LIKE 'hookwright%'"
        }
    }
}

fn same<T: PartialEq + std::fmt::Debug>(what: &str, found: &T, wanted: &T) -> Result<(), String> {
    match found == wanted {
        true => Ok(()),
        false => Err(format!("the {what} are\n{found:#?}\nand shall be\n{wanted:#?}")),
    }
}
