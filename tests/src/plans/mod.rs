//! Plans that the host would make for PostgreSQL, made of intents without a host: for the tests that measure
//! statements, parse them with PostgreSQL's own parser, and have a linter look at them.

mod base;
mod cases;
mod conversions;
mod made_up;
mod rows;

use std::sync::Arc;

use hookwright_core::ddl::{Dialect, Statement};
use hookwright_core::field_type::FieldType;
use hookwright_core::ident::{Ident, OrgName};
use hookwright_core::intent::Intent;
use hookwright_core::model::Model;
use hookwright_core::online::{OnlineStep, Run};
use hookwright_core::plan::{Plan, Sizes, plan};
use hookwright_core::schema::{COLLATE, Schema, Unread};
use serde_json::{Value as Json, json};

pub use base::base;
pub use cases::cases;
pub use made_up::{Made, made_up};
pub use rows::rows;

/// Changes, one after the other, that begin at a schema.
#[derive(Debug)]
pub struct Case {
    /// What it shows.
    pub name: String,
    /// What is there before.
    pub base: Vec<Json>,
    /// The tables of it that somebody made `UNLOGGED`.
    pub unlogged: &'static [&'static str],
    /// Columns of it that somebody gave a collation of their own: table, column, and PostgreSQL's name of the type.
    pub collated: &'static [(&'static str, &'static str, &'static str)],
    /// Each a change: its intents.
    pub changes: Vec<Vec<Json>>,
    /// Whether it can only be done without rows.
    pub empty_only: bool,
    /// Whether what is dropped can be restored.
    pub burying: bool,
    /// Whether nobody thought of it, so that expressions in it may not fit.
    pub unforeseen: bool,
}

impl Case {
    /// The schema that it begins at.
    ///
    /// # Panics
    /// If an intent of the base is none.
    pub fn before(&self) -> Schema {
        let mut schema = apply(&Schema::default(), &self.base, true).schema().clone();
        for name in self.unlogged {
            let name = Ident::parse(name).expect("a name");
            schema.table_mut(&name).expect("a table of the base").unlogged = true;
        }
        for (table, column, _) in self.collated {
            let [table, column] = [table, column].map(|name| Ident::parse(name).expect("a name"));
            let table = schema.table_mut(&table).expect("a table of the base");
            let column = table.columns.get_mut(&column).expect("a column of the base");
            let ty = if column.ty.values().is_some() { FieldType::Text } else { column.ty.clone() };
            let called = Some(format!("{}{COLLATE}\"POSIX\"", ty.describe()));
            column.unread = Some(Box::new(Unread { ty: called, ..Unread::default() }));
        }
        schema
    }
}

/// A list of intents, as JSON, on one table each.
pub(crate) fn on(table: &str, intent: &str, mut more: Json) -> Json {
    more["intent"] = json!(intent);
    more["table"] = json!(table);
    more
}

/// The organisation of all these plans; its name needs quotes.
///
/// # Panics
/// Never.
pub fn org() -> OrgName {
    OrgName::parse("acme-corp").expect("a name")
}

/// A model with a change applied.
///
/// # Panics
/// If an intent is none, or cannot be applied.
pub fn apply(base: &Schema, intents: &[Json], burying: bool) -> Model {
    let mut model = Model::new(Arc::new(base.clone())).burying(burying);
    for json in intents {
        let intent: Intent =
            serde_json::from_value(json.clone()).unwrap_or_else(|e| panic!("{json} is no intent: {e}"));
        intent.apply(&mut model).unwrap_or_else(|e| panic!("{json} is refused: {e}"));
    }
    model
}

/// The plan for a model: with every table that was there before large, or none.
pub fn planned(model: &Model, large: bool) -> Plan {
    plan(&org(), Dialect::Postgres, model, &sizes(model.base(), large))
}

/// Every table large, buried ones too, or none.
pub fn sizes(base: &Schema, large: bool) -> Sizes {
    let tables = base.tables.keys().chain(base.buried.keys());
    Sizes::large(tables.filter(|_| large).cloned())
}

/// The statements of a step, each as often as it is there, those that take it back left out. Of batches the first.
pub fn statements(step: &OnlineStep) -> Vec<Statement> {
    match step.run(&org()) {
        Run::Short(statements) => statements,
        Run::Long(one) | Run::Outside(one) => vec![one],
        Run::Index { run, clean, .. } => vec![run, clean],
        Run::Batches(batches) => vec![batches.statement(0, 64)],
    }
}

/// Every statement that a plan can bring about, with those that take its steps back.
pub fn every_statement(plan: &Plan) -> Vec<Statement> {
    let mut all: Vec<_> = plan.statements().cloned().collect();
    for step in plan.prepare.iter().chain(&plan.finish) {
        all.extend(statements(step));
        all.extend(step.undo(&org()));
    }
    all
}

/// Which of a table's names before a change belongs to a name of afterwards; none for a table that is new.
pub fn name_before(model: &Model, table: &Ident) -> Option<Ident> {
    let before = model.base();
    let there = |name: &Ident| before.tables.contains_key(name) || before.buried.contains_key(name);
    model.origin(table).or_else(|| Some(table.clone()).filter(|t| there(t)))
}
