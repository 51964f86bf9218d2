//! A real history stopped anywhere, the database then changed by hand in every way that there is something for: each
//! found, told as hands, and repaired with the rows intact, until the database is what a fresh one would be.

use std::collections::{BTreeMap, BTreeSet};

use hookwright::outcome::Status;
use hookwright_core::drift::{Moved, Scope};
use hookwright_core::schema::Schema;
use hookwright_tests::history;
use hookwright_tests::rows;
use hookwright_tests::scenario::Dialect;
use hookwright_tests::world::{TestHost, World, runtime};
use serde_json::json;

use super::bench::{ALLOWED, told};
use super::deeds::{Deed, possible};

const PLUGINS: [&str; 4] = ["schema-sync", "naming-guard", "standard-columns", "index-advisor"];

#[test]
fn postgres_stopped_anywhere() {
    let Some(events) = history::events() else { return };
    let ways = runtime().block_on(all(Dialect::Postgres, &events, &[7, 11, 13]));
    assert!(ways.len() >= 30, "{} ways: {ways:?}", ways.len());
}

#[test]
fn sqlite_stopped_anywhere() {
    let Some(events) = history::events() else { return };
    let ways = runtime().block_on(all(Dialect::Sqlite, &events, &[3, 5]));
    assert!(ways.len() >= 6, "{} ways: {ways:?}", ways.len());
}

/// The ways in which something was done.
async fn all(dialect: Dialect, events: &[String], seeds: &[u64]) -> BTreeSet<&'static str> {
    let mut ways = BTreeSet::new();
    for seed in seeds {
        let mut dice = Dice(*seed);
        // The later half has more to change.
        let stop = events.len() / 2 + dice.below(events.len() / 2);
        let world = World::add(&TestHost::start().await, "crm", dialect, &PLUGINS.map(str::to_owned)).await;
        for event in &events[..stop] {
            world.send(event, ALLOWED).await.unwrap_or_else(|e| panic!("{event}: {e}"));
        }
        rows::fill(&world).await;
        ways.extend(each_way(&world, &mut dice, stop).await);
        several(&world, &mut dice, stop).await;
    }
    ways
}

/// One deed in each way, each repaired before the next.
async fn each_way(world: &World, dice: &mut Dice, stop: usize) -> BTreeSet<&'static str> {
    let mut ways: BTreeMap<&str, Vec<Deed>> = BTreeMap::new();
    for deed in possible(&model(world).await, world.dialect()) {
        ways.entry(deed.way).or_default().push(deed);
    }
    for deeds in ways.values() {
        let deed = &deeds[dice.below(deeds.len())];
        repaired(world, std::slice::from_ref(deed), &format!("{} after {stop} events", deed.way)).await;
    }
    ways.into_keys().collect()
}

/// Several deeds on tables of their own, repaired at once.
async fn several(world: &World, dice: &mut Dice, stop: usize) {
    let all = possible(&model(world).await, world.dialect());
    let mut deeds: Vec<Deed> = Vec::new();
    for _ in 0..200 {
        let deed = &all[dice.below(all.len())];
        // Names that hands give are not given twice, and a table that is renamed is not found by its own.
        let is_alone = deeds.iter().all(|d| d.table != deed.table && d.way != deed.way);
        if is_alone && deed.way != "table renamed" && deeds.len() < 8 {
            deeds.push(deed.clone());
        }
    }
    let all: Vec<_> = deeds.iter().map(|deed| deed.sql.as_str()).collect();
    repaired(world, &deeds, &format!("{} after {stop} events", all.join("; "))).await;
}

async fn repaired(world: &World, deeds: &[Deed], told_as: &str) {
    let before = values(world).await;
    for deed in deeds {
        world.sql(&deed.sql).await.unwrap_or_else(|e| panic!("{told_as}: {}: {e}", deed.sql));
    }
    let drift = world.host().drift(world.org()).await.unwrap_or_else(|e| panic!("{told_as}: {e}"));
    for deed in deeds {
        let found = drift.findings.iter().find(|f| f.code() == deed.code && f.table.as_str() == deed.table);
        let found =
            found.unwrap_or_else(|| panic!("{told_as}: {deed:?} is not among {:?}", told(&drift.findings)));
        assert_eq!(found.moved, Moved::Hands, "{told_as}: {found:?}");
    }
    let id = format!("sync-{}", told_as.len() + drift.findings.len());
    let event = json!({"id": format!("{id}-{}", uuid(world).await), "type": "schema.sync", "extras": true});
    let outcome = world.send(&event.to_string(), ALLOWED).await;
    let outcome = outcome.unwrap_or_else(|e| panic!("{told_as}: {e}; {}", e.help));
    assert_eq!(outcome.status, Status::Applied, "{told_as}: {:#?}", outcome.reasons);
    let after = world.host().drift(world.org()).await.unwrap_or_else(|e| panic!("{told_as}: {e}"));
    assert!(after.is_in_step() && after.is_done(&Scope::default()), "{told_as}: {:?}", told(&after.findings));
    world.derives().await.unwrap_or_else(|e| panic!("{told_as}: {e}"));
    if !deeds.iter().any(|deed| deed.loses) {
        assert_eq!(values(world).await, before, "{told_as}");
    }
}

/// A number that no event had before: the revision.
async fn uuid(world: &World) -> i64 {
    let page = hookwright::api::Page { before: None, limit: 1 };
    world.host().changes(world.org(), page).await.unwrap().first().map_or(0, |change| change.revision)
}

async fn model(world: &World) -> Schema {
    world.host().inspect(world.org()).await.unwrap().0
}

/// Every value of every row, by table.
async fn values(world: &World) -> BTreeMap<String, Vec<String>> {
    let mut all = BTreeMap::new();
    for table in model(world).await.tables.values() {
        let mut columns: Vec<_> = table.columns.keys().map(|name| format!("\"{}\"", name.as_str())).collect();
        columns.sort();
        let sql = format!("SELECT {} FROM \"{}\"", columns.join(", "), table.name.as_str());
        let mut rows = world.rows(&sql).await.unwrap_or_else(|e| panic!("{sql}: {e}"));
        rows.sort();
        all.insert(table.name.as_str().to_owned(), rows);
    }
    all
}

/// Numbers that are the same each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % most
    }
}
