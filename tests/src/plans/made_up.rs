//! Intents that nobody thought of: random wishes on the base schema, reviewed as the policy of `prod` has it.
//!
//! Wishes that the model or a rule refuses are left out, so that what is left is a change that could run.

use std::sync::Arc;

use hookwright_core::ddl::Dialect;
use hookwright_core::event::Consent;
use hookwright_core::intent::Intent;
use hookwright_core::model::Model;
use hookwright_core::plan::Plan;
use hookwright_core::policy::{Answer, Decision, Draft, Mode, Settings, review};
use hookwright_core::schema::{Schema, Table};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};
use serde_json::{Value as Json, json};

use super::base::{base, column, decimal, of_type, string, text, values};
use super::{apply, on, org, sizes};

const KINDS: u8 = 27;
const NAMES: [&str; 6] = ["status", "owner", "Amount", "select", "it", "note"];

/// A wish: of what kind, and numbers that pick what it is about.
type Wish = (u8, [u8; 4]);

/// Changes of the base schema, whose tables are all large: as many as could run of so many lists of wishes. The same
/// in every run; `HOOKWRIGHT_TEST_CASES` makes more or fewer.
///
/// # Panics
/// If too few could run to show anything.
pub fn made_up(lists: usize) -> Vec<Made> {
    let lists = std::env::var("HOOKWRIGHT_TEST_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(lists);
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(ProptestConfig::default(), rng);
    let base = apply(&Schema::default(), &base(), true).schema().clone();
    let mut list = || wishes().new_tree(&mut runner).expect("a list of wishes").current();
    let made: Vec<_> = (0..lists).filter_map(|_| Made::of(&list(), &base)).collect();
    assert!(made.len() * 3 > lists, "only {} of {lists} changes could run", made.len());
    made
}

/// Any list of wishes.
fn wishes() -> impl Strategy<Value = Vec<Wish>> {
    vec((0..KINDS, any::<[u8; 4]>()), 1..9)
}

/// A change that could run.
#[derive(Debug)]
pub struct Made {
    /// What was wished and taken.
    pub intents: Vec<Json>,
    /// With what the change was called before.
    pub model: Model,
    /// The plan.
    pub plan: Plan,
}

impl Made {
    /// The change of a schema whose tables are all large. None if it would not run.
    fn of(wishes: &[Wish], base: &Schema) -> Option<Self> {
        let (settings, base) = (Arc::new(Settings::of(Mode::Prod)), Arc::new(base.clone()));
        let (plugin, mut model) = (Arc::from("made-up"), Model::new(base.clone()));
        let mut draft = Draft::new(org(), Dialect::Postgres, settings, base.clone());
        let mut intents = Vec::new();
        for wish in wishes {
            let Some(json) = intent(draft.schema(), wish) else { continue };
            let intent: Intent =
                serde_json::from_value(json.clone()).unwrap_or_else(|e| panic!("{json} is no intent: {e}"));
            if draft.propose(&plugin, intent.clone()).is_ok() {
                intent.apply(&mut model).expect("what a draft takes can be applied");
                intents.push(json);
            }
        }
        let rows = Answer { rows: true, ..Answer::default() };
        let answers = (0..draft.probes().count()).map(|number| (number, rows.clone())).collect();
        let consent = Consent { confirm: true, allow_destructive: true, dry_run: false };
        match review(draft, &answers, &sizes(&base, true), consent).decision {
            Decision::Execute(approved) => Some(Self { intents, model, plan: approved.plan().clone() }),
            Decision::Hold(_) | Decision::Refuse(_) => None,
        }
    }
}

fn intent(schema: &Schema, (kind, [a, b, c, d]): &Wish) -> Option<Json> {
    let table = pick(&schema.tables.values().map(AsRef::as_ref).collect::<Vec<&Table>>(), *a)?;
    let name = table.name.as_str();
    let columns: Vec<_> = table.columns.keys().map(|c| c.as_str()).collect();
    let (one, other) = (pick(&columns, *b)?, pick(&columns, *c)?);
    let to = pick(&NAMES, *d)?;
    let both: Vec<_> = if one == other { vec![one] } else { vec![one, other] };
    let about = |kind: &str, more: Json| Some(on(name, kind, more));
    match kind {
        0..=2 => about("add-column", json!({"column": new_column(to, *b, *c)})),
        3 => about("drop-column", json!({"column": one})),
        4 => about("rename-column", json!({"column": one, "to": to})),
        5..=8 => about("change-type", json!({"column": one, "ty": typed(*c)})),
        9..=11 => about("set-not-null", json!({"column": one})),
        12 => about("drop-not-null", json!({"column": one})),
        13 => about(
            "create-index",
            json!({"keys": [{"column": one}], "unique": d.is_multiple_of(2), "include": include(&both)}),
        ),
        14 => about(
            "create-index",
            json!({"keys": [{"expression": format!("lower(\"{one}\")")}], "where": format!("\"{other}\" IS NOT NULL")}),
        ),
        15 => index(table, *b).and_then(|index| about("drop-index", index)),
        16 => about("add-unique", json!({"columns": both})),
        17 => about("add-check", json!({"name": to, "expression": format!("\"{one}\" IS NOT NULL")})),
        18 => {
            table.checks.first().and_then(|check| about("drop-check", json!({"name": check.name.as_str()})))
        }
        19 | 20 => {
            let target = pick(&["account", "invoice"], *c)?;
            about(
                "add-foreign-key",
                json!({"columns": [one], "to": target, "target": ["id"], "onDelete": "CASCADE"}),
            )
        }
        21 => about("drop-foreign-key", json!({"columns": [one]})),
        22 | 23 => about("backfill", json!({"column": one, "value": {"expression": format!("\"{other}\"")}})),
        24 => about("rename-table", json!({"to": to})),
        25 => about("drop-table", json!({})),
        _ => about("add-primary-key", json!({"columns": both})),
    }
}

fn pick<T: Copy>(from: &[T], by: u8) -> Option<T> {
    from.get(usize::from(by) % from.len().max(1)).copied()
}

fn include(both: &[&str]) -> Json {
    json!(both.get(1).into_iter().collect::<Vec<_>>())
}

fn index(table: &Table, by: u8) -> Option<Json> {
    let index = table.indexes.get(usize::from(by) % table.indexes.len().max(1))?;
    serde_json::to_value(&index.shape).ok()
}

fn new_column(name: &str, ty: u8, by: u8) -> Json {
    let mut column = column(name, &typed(ty), !by.is_multiple_of(3));
    if by.is_multiple_of(5) {
        column["ty"] = of_type("Int");
        column["default"] = json!({"integer": by});
    }
    column
}

fn typed(by: u8) -> Json {
    match by % 9 {
        0 => text(),
        1 => string(200),
        2 => of_type("Int"),
        3 => of_type("BigInt"),
        4 => of_type("Float"),
        5 => decimal(12, 2),
        6 => of_type("DateTime"),
        7 => of_type("Json"),
        _ => values(&["a", "it's", "c"]),
    }
}
