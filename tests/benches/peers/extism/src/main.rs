//! Times the plugin "comments" under Extism: it reads `fresh N` or `reused N` from its standard input, calls the
//! plugin that often, and answers each line with the nanoseconds that all calls took.
//!
//! The benchmark suite runs it, in turn with ours. The plugin is the file `extism.wasm` beside the program. `fresh`
//! makes an instance for each call, from a plugin that is compiled once; `reused` has one instance for all. What a
//! host has to do counts: the change becomes JSON, the answer becomes values again.
use std::error::Error;
use std::io::{BufRead, Write};
use std::time::Instant;

use extism::convert::Json;
use extism::{CompiledPlugin, Manifest, Plugin, PluginBuilder, Wasm};
use serde::{Deserialize, Serialize};

const FIELDS: usize = 10;
const CHANGED: usize = 6;

#[derive(Serialize)]
struct Change {
    action: &'static str,
    old: Entity,
    new: Entity,
    drop_table: bool,
}

#[derive(Serialize)]
struct Entity {
    name: &'static str,
    label: Option<String>,
    comment: Option<String>,
    fields: Vec<Field>,
}

#[derive(Serialize)]
struct Field {
    name: String,
    #[serde(rename = "type")]
    type_: &'static str,
    nullable: bool,
    unique: bool,
    indexed: bool,
    primary_key: bool,
    default: Option<String>,
    references: Option<String>,
    comment: Option<String>,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
enum Intent {
    SetComment { table: String, column: Option<String>, comment: Option<String> },
}

/// An entity, the first `changed` fields of which have another comment.
fn entity(changed: usize) -> Entity {
    let fields = (0..FIELDS).map(|index| Field {
        name: format!("field_{index}"),
        type_: "text",
        nullable: true,
        unique: false,
        indexed: false,
        primary_key: false,
        default: None,
        references: None,
        comment: Some(format!("{} comment of field {index}", if index < changed { "new" } else { "old" })),
    });
    Entity { name: "invoice", label: None, comment: None, fields: fields.collect() }
}

/// What the plugin has to answer.
fn wanted(change: &Change) -> Vec<Intent> {
    let fields = change.new.fields.iter().take(CHANGED);
    let comment = |field: &Field| Intent::SetComment {
        table: change.new.name.to_owned(),
        column: Some(field.name.clone()),
        comment: field.comment.clone(),
    };
    fields.map(comment).collect()
}

fn call(plugin: &mut Plugin, change: &Change) -> Result<Vec<Intent>, Box<dyn Error>> {
    let Json(intents): Json<Vec<Intent>> = plugin.call("after", Json(change))?;
    Ok(intents)
}

fn run(compiled: &CompiledPlugin, change: &Change, order: &str) -> Result<u128, Box<dyn Error>> {
    let (how, calls) = order.trim().split_once(' ').ok_or("say \"fresh N\" or \"reused N\"")?;
    let calls: u64 = calls.parse()?;
    let mut kept = Plugin::new_from_compiled(compiled)?;
    let began = Instant::now();
    for _ in 0..calls {
        match how {
            "fresh" => call(&mut Plugin::new_from_compiled(compiled)?, change)?,
            "reused" => call(&mut kept, change)?,
            _ => return Err(format!("\"{how}\" is neither \"fresh\" nor \"reused\"").into()),
        };
    }
    Ok(began.elapsed().as_nanos())
}

fn main() -> Result<(), Box<dyn Error>> {
    let wasm = Wasm::data(std::fs::read(std::env::current_exe()?.with_extension("wasm"))?);
    let compiled = CompiledPlugin::new(PluginBuilder::new(Manifest::new([wasm])).with_cache_disabled())?;
    let change = Change { action: "update", old: entity(0), new: entity(CHANGED), drop_table: false };
    let intents = call(&mut Plugin::new_from_compiled(&compiled)?, &change)?;
    if intents != wanted(&change) {
        return Err(format!("the plugin answers {intents:?}").into());
    }
    for order in std::io::stdin().lock().lines() {
        let took = run(&compiled, &change, &order?)?;
        let mut out = std::io::stdout().lock();
        writeln!(out, "{took}")?;
        out.flush()?;
    }
    Ok(())
}
