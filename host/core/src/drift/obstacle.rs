//! What others made that has the name of something that a repair would make: that is left, and told with what has its name.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{Drift, Finding, Part, StrangerKind, part, repair};
use crate::ddl::{Dialect, print_expr};
use crate::ident::Ident;
use crate::intent::{Intent, IntentError};
use crate::model::Model;
use crate::schema::{Index, IndexShape, Schema, Table, names};

/// Something of others that has a name which is needed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Obstacle {
    /// What it is.
    pub kind: ObstacleKind,
    /// Its name.
    pub name: String,
    /// The table that it is on, as that is called now; its own name, if it is one.
    pub table: String,
    /// What is known of it, in words; may be empty.
    pub is: String,
    /// A free name that it could have instead.
    pub free: Ident,
    /// Whether it is on a table of the host's, where a repair takes it away if it is asked to.
    pub goes: bool,
}

/// What has a name that is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ObstacleKind {
    /// A table.
    Table,
    /// A view, or anything else that has a table's name and is none of a kind that the host makes.
    Relation,
    /// An index, or the constraint that it belongs to.
    Index,
    /// A check or foreign key.
    Constraint,
    /// A column.
    Column,
}

/// Why an intent is not applied.
pub(super) enum Stopped {
    /// The model has something against it.
    Refused,
    /// What it makes has a name that something else has.
    Met(Obstacle),
}

impl From<IntentError> for Stopped {
    fn from(_: IntentError) -> Self {
        Self::Refused
    }
}

/// Where a name has to be free.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Schema,
    Constraints(Ident),
    Columns(Ident),
}

/// Something that is there.
struct There {
    kind: ObstacleKind,
    name: String,
    table: String,
    is: String,
    goes: bool,
}

/// All that is there and not in the base of a repair, by name.
pub(super) struct Others<'a> {
    drift: &'a Drift,
    /// By what names that collide have in common.
    met: BTreeMap<(Place, String), There>,
    /// Every name there is.
    taken: BTreeSet<String>,
}

impl<'a> Others<'a> {
    pub fn of(drift: &'a Drift, base: &Schema) -> Self {
        let mut others = Self { drift, met: BTreeMap::new(), taken: BTreeSet::new() };
        for table in drift.found.tables.values() {
            let known = base.tables.get(&table.name);
            if !known.is_some_and(|known| Arc::ptr_eq(known, table)) {
                others.on(table, known.map(AsRef::as_ref));
            }
        }
        drift.others.tables.values().for_each(|table| others.on(table, None));
        others.strangers();
        others
    }

    /// What is on a table that is there, but for what the base has of it.
    fn on(&mut self, table: &Table, known: Option<&Table>) {
        let own: BTreeSet<_> = known.map(|known| self.named(known)).unwrap_or_default();
        let own: BTreeSet<_> =
            own.into_iter().map(|(place, name, _)| (place, self.key(name.as_str()))).collect();
        for (place, name, is) in self.named(table) {
            let key = self.key(name.as_str());
            if !own.contains(&(place.clone(), key)) {
                let kind = match place {
                    Place::Schema if name == table.name => ObstacleKind::Table,
                    Place::Schema => ObstacleKind::Index,
                    Place::Constraints(_) => ObstacleKind::Constraint,
                    Place::Columns(_) => ObstacleKind::Column,
                };
                self.push(place, kind, name.as_str(), &table.name, is, known.is_some());
            }
        }
    }

    fn strangers(&mut self) {
        for stranger in &self.drift.strangers {
            let Ok(table) = Ident::parse(&stranger.table) else { continue };
            let (place, kind) = match stranger.kind {
                StrangerKind::Relation => (Place::Schema, ObstacleKind::Relation),
                StrangerKind::Index => (Place::Schema, ObstacleKind::Index),
                StrangerKind::Column => (Place::Columns(table.clone()), ObstacleKind::Column),
                StrangerKind::Constraint | StrangerKind::ForeignKey => {
                    (Place::Constraints(table.clone()), ObstacleKind::Constraint)
                }
                StrangerKind::Clause => continue,
            };
            let is = match kind {
                ObstacleKind::Constraint | ObstacleKind::Relation => stranger.is.clone(),
                _ => String::new(),
            };
            self.push(place, kind, &stranger.name, &table, is, false);
        }
    }

    fn push(&mut self, place: Place, kind: ObstacleKind, name: &str, table: &Ident, is: String, goes: bool) {
        let key = (place, self.key(name));
        self.taken.insert(key.1.clone());
        let (name, table) = (name.to_owned(), table.as_str().to_owned());
        self.met.entry(key).or_insert(There { kind, name, table, is, goes });
    }

    /// The names that have to be free where a table is made, each with what it is in words.
    fn named(&self, table: &Table) -> BTreeSet<(Place, Ident, String)> {
        let schema = |name: &Ident, is: String| (Place::Schema, name.clone(), is);
        let constraint = |name: Ident, is: String| (Place::Constraints(table.name.clone()), name, is);
        let column = |name: &Ident| (Place::Columns(table.name.clone()), name.clone(), String::new());
        let on =
            |columns: &[Ident]| part::shape(&Index::new(table.key_name(), IndexShape::on(columns, true)));
        let mut all = BTreeSet::from([schema(&table.name, String::new())]);
        all.extend(table.uniques.iter().map(|unique| schema(&unique.name, on(&unique.columns))));
        all.extend(table.indexes.iter().map(|index| schema(&index.name, part::shape(index))));
        all.extend(table.columns.keys().chain(table.buried.keys()).map(column));
        if self.drift.dialect == Dialect::Postgres {
            if !table.primary_key.is_empty() {
                all.insert(schema(&table.key_name(), on(&table.primary_key)));
            }
            let checks = table.checks.iter().map(|check| (check.name.clone(), print_expr(&check.expression)));
            let chosen = table.columns.values().filter(|column| column.ty.values().is_some());
            let chosen = chosen.map(|column| (names::values_check(&column.name), String::new()));
            let keys = table.foreign_keys.iter().map(|key| (key.name.clone(), String::new()));
            all.extend(checks.chain(chosen).chain(keys).map(|(name, is)| constraint(name, is)));
        }
        all
    }

    /// What names that cannot be told apart have in common.
    fn key(&self, name: &str) -> String {
        match self.drift.dialect {
            Dialect::Postgres => name.to_owned(),
            Dialect::Sqlite => name.to_ascii_lowercase(),
        }
    }

    /// Applies an intent, unless what it makes meets something of others.
    pub fn apply(&self, intent: &Intent, model: &mut Model) -> Result<(), Stopped> {
        if self.met.is_empty() {
            return Ok(intent.apply(model)?);
        }
        let before = model.shared_schema();
        let mut trial = model.clone();
        intent.apply(&mut trial)?;
        let table = match intent {
            Intent::RenameTable(rename) => &rename.to,
            other => other.table(),
        };
        match self.made(before.table(table), trial.schema(), table) {
            Some(obstacle) => Err(Stopped::Met(obstacle)),
            None => {
                *model = trial;
                Ok(())
            }
        }
    }

    /// What something new on a table meets.
    fn made(&self, before: Option<&Table>, after: &Schema, table: &Ident) -> Option<Obstacle> {
        let was = before.map(|table| self.named(table)).unwrap_or_default();
        let was: BTreeSet<_> = was.into_iter().map(|(place, name, _)| (place, name)).collect();
        let origin = self.drift.origin(table).unwrap_or_else(|| table.clone());
        let there = |place: &Place| match place {
            Place::Schema => Place::Schema,
            Place::Constraints(_) => Place::Constraints(origin.clone()),
            Place::Columns(_) => Place::Columns(origin.clone()),
        };
        let now = self.named(after.table(table)?);
        let new = now.into_iter().filter(|(place, name, _)| !was.contains(&(place.clone(), name.clone())));
        let mut met = new.filter_map(|(place, name, _)| {
            let There { kind, name: called, table, is, goes } =
                self.met.get(&(there(&place), self.key(name.as_str())))?;
            let is_taken = |free: &Ident| {
                self.taken.contains(&self.key(free.as_str())) || names::relation_taken(after, free)
            };
            let (called, table, is, free) =
                (called.clone(), table.clone(), is.clone(), names::aside(&name, is_taken));
            Some(Obstacle { kind: *kind, name: called, table, is, free, goes: *goes })
        });
        met.next()
    }

    /// What the repair of a finding meets: of what is taken away and made again, neither is done then.
    pub fn meets(&self, finding: &Finding, model: &Model) -> Option<Obstacle> {
        if self.met.is_empty() {
            return None;
        }
        let (mut trial, empty) = (model.clone(), BTreeSet::new());
        let intents = repair::intents(&[finding], self.drift.called_for(), model.schema(), &empty);
        intents.iter().find_map(|intent| match self.apply(intent, &mut trial) {
            Err(Stopped::Met(obstacle)) => Some(obstacle),
            Err(Stopped::Refused) | Ok(()) => None,
        })
    }

    /// Whether nothing of a finding is repaired: a table is made without what meets something.
    pub fn stops(&self, finding: &Finding, model: &Model) -> bool {
        match self.meets(finding, model) {
            Some(obstacle) => finding.part != Part::Table || obstacle.kind == ObstacleKind::Table,
            None => false,
        }
    }
}
