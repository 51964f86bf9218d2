//! What was given another name by hand, as findings, and as what renames it back.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::known::dressed;
use super::{
    Drift, Finding, Need, Part, Scope, Stranger, StrangerKind, World, covered, marks, objects, renamed,
    strangers, undone,
};
use crate::ddl::Dialect;
use crate::ident::Ident;
use crate::intent::{Intent, RenameColumn, RenameTable};
use crate::model::Model;
use crate::plan::in_order;
use crate::schema::{ForeignKey, Schema, Table, names};

impl Drift {
    /// The finding that a name was changed.
    pub(super) fn renaming(&self, intent: &Intent) -> Option<Finding> {
        let (table, to) = objects::target(intent)?;
        let there = self.found.table(&self.origin(table).unwrap_or_else(|| table.clone()));
        let (part, from) = match intent {
            Intent::RenameTable(r) => (Part::Table, r.table.clone()),
            other => objects::named(other, there?)?,
        };
        Some(Finding::renamed(table, part, from, to))
    }

    /// What renames back whatever is in a scope, and the tables that are in the way of its tables.
    pub(super) fn names_in(&self, scope: &Scope) -> Vec<Intent> {
        let together = scope.table.as_ref().map(|table| self.trading(table)).unwrap_or_default();
        let is_meant = |intent: &&Intent| match intent {
            Intent::RenameTable(rename) if together.contains(&rename.table) => true,
            _ => self.renaming(intent).is_some_and(|finding| scope.has(&finding)),
        };
        self.renames.iter().filter(is_meant).cloned().collect()
    }

    /// The names that a table and those have that are to move with it: each has, or is to get, what another has.
    pub(super) fn trading(&self, table: &Ident) -> BTreeSet<Ident> {
        let pairs = self.renames.iter().filter_map(|intent| match intent {
            Intent::RenameTable(rename) => Some((&rename.table, &rename.to)),
            _ => None,
        });
        together(table, pairs.collect())
    }

    /// A scope of one column, as one of its table if the column has, or is to get, what another has: neither can move alone.
    pub(super) fn widened(&self, scope: &Scope) -> Scope {
        let Some(column) = &scope.column else { return scope.clone() };
        let pairs = self.renames.iter().filter_map(|intent| match intent {
            Intent::RenameColumn(r) if Some(&r.table) == scope.table.as_ref() => Some((&r.column, &r.to)),
            _ => None,
        });
        let pairs: Vec<_> = pairs.collect();
        let names = together(column, pairs.clone());
        // What others added to the rest of the table is none of its business.
        match pairs.iter().filter(|(from, _)| names.contains(*from)).count() > 1 {
            true => Scope { column: None, extras: false, ..scope.clone() },
            false => scope.clone(),
        }
    }

    /// A scope by the names that things shall have, where it has those that hands gave.
    #[must_use]
    pub fn meant(&self, scope: &Scope) -> Scope {
        let hindered = self.findings.iter().filter(|finding| finding.part == Part::Table);
        let table = scope.table.as_ref().filter(|table| !self.is_called_for(table, None)).and_then(|table| {
            let to = hindered.filter(|finding| finding.renamed.as_ref() == Some(table));
            to.map(|finding| finding.table.clone()).next()
        });
        let table = table.or_else(|| scope.table.clone());
        let to = |column: &Ident| {
            let table = table.as_ref().filter(|table| !self.is_called_for(table, Some(column)))?;
            self.renames.iter().find_map(|intent| match intent {
                Intent::RenameColumn(r) if r.table == *table && r.column == *column => Some(r.to.clone()),
                _ => None,
            })
        };
        let column = scope.column.as_ref().map(|column| to(column).unwrap_or_else(|| column.clone()));
        Scope { table, column, ..scope.clone() }
    }

    fn is_called_for(&self, table: &Ident, column: Option<&Ident>) -> bool {
        let has = |schema: &Schema| {
            schema.table(table).is_some_and(|t| column.is_none_or(|column| t.column(column).is_some()))
        };
        has(&self.wanted) || has(&self.recorded)
    }
}

/// The names that hang together with one, of pairs of the name that something has and the one that it is to get. Alone if
/// it is in none.
pub(super) fn together(name: &Ident, pairs: Vec<(&Ident, &Ident)>) -> BTreeSet<Ident> {
    let mut names = BTreeSet::new();
    let mut next = vec![name];
    while let Some(name) = next.pop() {
        for (from, to) in pairs.iter().filter(|(from, to)| *from == name || *to == name) {
            next.extend([*from, *to].into_iter().filter(|one| names.insert((*one).clone())));
        }
    }
    names
}

/// What was given another name by hand.
pub(super) struct Names {
    /// The host's tables under the names that they have.
    pub base: Schema,
    /// What renames them.
    pub renames: Vec<Intent>,
    /// Tables and columns that cannot come back before somebody makes room; the base has them as the record does.
    pub hindered: Vec<Finding>,
}

/// Finds what was given another name by hand.
pub(super) fn names_back(world: &World<'_>, own: Schema, others: &mut Schema) -> Names {
    let World { wanted, recorded, found, metadata, .. } = world;
    let (mut base, mut hindered) = aside(world, own, others);
    let mut tables = renamed::tables(recorded, &base, others, world.identities, world.dialect);
    tables.retain(|rename| !hindered.iter().any(|finding| finding.table == rename.to));
    tables.extend(undone::tables(wanted, recorded, &base, metadata, world.deleted));
    tables.retain(|rename| !strangers::is_taken(world, &rename.to));
    for rename in &tables {
        if let (Some(there), Some(known)) = (found.table(&rename.table), recorded.table(&rename.to)) {
            base.insert(dressed(there, known, world.dialect == Dialect::Postgres));
            others.tables.remove(&rename.table);
        }
    }
    let covered = covered::columns(world, &mut base, &tables);
    let mut renames: Vec<_> = tables.into_iter().map(Intent::RenameTable).collect();
    let model = applied(&base, &renames);
    // SQLite gives keys no names.
    let named_keys = found.tables.values().any(|table| table.primary_key_name.is_some());
    for (name, table) in &model.schema().tables {
        let identity = world.identities.of(name);
        let has_moved = identity.is_some_and(|identity| !identity.columns.is_empty());
        if let (Some(wanted), Some(known)) = (wanted.table(name), recorded.tables.get(name))
            && (has_moved || !Arc::ptr_eq(known, table))
        {
            let within = renamed::within(wanted, known, table, identity);
            let is_covered = |to: &Ident| {
                covered.iter().any(|finding| finding.table == *name && finding.part.column() == Some(to))
            };
            let is_there = |rename: &Intent| match rename {
                Intent::RenamePrimaryKey(_) => named_keys,
                Intent::RenameColumn(rename) => !is_covered(&rename.to),
                _ => true,
            };
            renames.extend(within.into_iter().filter(is_there));
        }
        if let (Some(wanted), Some(known), Some(entity)) =
            (wanted.table(name), recorded.table(name), metadata.entity(name))
        {
            renames.extend(
                undone::columns(wanted, known, table, entity, world.deleted).map(Intent::RenameColumn),
            );
        }
    }
    hindered.extend(covered);
    Names { base, renames, hindered }
}

/// Takes tables whose place is not free, or that are in another schema, for what the record says: what refers to them goes
/// by their names, and nothing is done about them.
fn aside(world: &World<'_>, own: Schema, others: &mut Schema) -> (Schema, Vec<Finding>) {
    let (mut base, mut hindered) = (own, Vec::new());
    for rename in marks::put_out(world.recorded, &base, others, world.identities) {
        let (from, name) = (rename.table.clone(), rename.to.clone());
        let there = others.tables.remove(&from).or_else(|| base.tables.remove(&from));
        base.tables.remove(&name);
        there.into_iter().for_each(|table| drop(base.tables.insert(from.clone(), table)));
        base = applied(&base, &[Intent::RenameTable(rename)]).schema().clone();
        let taken = |name: &Ident| world.found.tables.keys().any(|there| there.collides(name));
        // What has its name is another of the record, which waits for its place, too.
        let is_ours = world.identities.taken().contains(&name);
        let needs = Some(if is_ours { Need::Others } else { Need::Room(names::aside(&name, taken)) });
        let finding = Finding::renamed(&name, Part::Table, from, &name);
        hindered.push(Finding { needs, ..finding });
    }
    let moved = world.identities.moved(world.recorded);
    for away in world.away {
        hindered.push(Finding::elsewhere(away));
        refer_to(&mut base, &away.table, world.recorded);
        // What has its name meanwhile, and is another of the record, gets its own once it is back.
        for rename in moved.iter().filter(|rename| rename.table == away.table) {
            let finding = Finding::renamed(&rename.to, Part::Table, rename.table.clone(), &rename.to);
            hindered.push(Finding { needs: Some(Need::Others), ..finding });
        }
    }
    for rename in moved {
        let is_it = |s: &&Stranger| s.kind == StrangerKind::Relation && s.name == rename.table.as_str();
        let stranger =
            world.strangers.iter().find(is_it).filter(|_| !world.found.tables.contains_key(&rename.table));
        if let Some(needs) = stranger.and_then(|stranger| stranger.needs.clone()) {
            let finding = Finding::renamed(&rename.to, Part::Table, rename.table, &rename.to);
            hindered.push(Finding { needs: Some(needs), ..finding });
        }
    }
    for name in hindered.iter().map(|finding| &finding.table) {
        if let Some(known) = world.recorded.tables.get(name) {
            base.tables.insert(name.clone(), known.clone());
        }
    }
    (base, hindered)
}

/// Has tables refer to one that is elsewhere as the record says: the database lets them go on doing so.
fn refer_to(base: &mut Schema, away: &Ident, recorded: &Schema) {
    for (name, known) in &recorded.tables {
        let Some(table) = base.tables.get(name) else { continue };
        let is_lost =
            |key: &&ForeignKey| key.table == *away && !table.foreign_keys.iter().any(|k| k.name == key.name);
        let lost: Vec<_> = known.foreign_keys.iter().filter(is_lost).cloned().collect();
        if !lost.is_empty()
            && let Some(table) = base.table_mut(name)
        {
            table.foreign_keys.extend(lost);
            table.sort();
        }
    }
}

/// A schema with some names given back.
pub(super) fn applied(base: &Schema, renames: &[Intent]) -> Model {
    let mut model = Model::new(Arc::new(base.clone()));
    // What cannot be renamed back is told as what it is: missing, and there under another name.
    in_turn(renames, base).iter().for_each(|intent| drop(intent.apply(&mut model)));
    model
}

/// Renames in an order in which each name is free.
pub(super) fn in_turn(renames: &[Intent], base: &Schema) -> Vec<Intent> {
    let (mut tables, mut columns, mut rest) = (Vec::new(), BTreeMap::<_, Vec<_>>::new(), Vec::new());
    for intent in renames {
        match intent {
            Intent::RenameTable(r) => tables.push((r.table.clone(), r.to.clone())),
            Intent::RenameColumn(r) => {
                columns.entry(&r.table).or_default().push((r.column.clone(), r.to.clone()));
            }
            other => rest.push(other.clone()),
        }
    }
    let origin = |name: &Ident| tables.iter().find(|(_, to)| to == name).map(|(from, _)| from.clone());
    let there = |table: &Ident| base.table(&origin(table).unwrap_or_else(|| table.clone()));
    let mut all = Vec::with_capacity(renames.len());
    for (table, pairs) in columns {
        let taken = there(table).into_iter().flat_map(|t: &Table| t.columns.keys().cloned());
        for (column, to) in in_order(pairs, taken) {
            all.push(Intent::RenameColumn(RenameColumn { table: table.clone(), column, to }));
        }
    }
    all.extend(of_objects(&rest, base, there));
    let moves = in_order(tables, base.tables.keys().cloned());
    let moves = moves.into_iter().map(|(table, to)| Intent::RenameTable(RenameTable { table, to }));
    moves.chain(all).collect()
}

/// The same of keys, indexes and constraints. Their names are those of the whole schema, so a circle may go through
/// several tables.
fn of_objects<'a>(
    renames: &[Intent],
    base: &Schema,
    there: impl Fn(&Ident) -> Option<&'a Table>,
) -> Vec<Intent> {
    let now = |intent: &Intent| Some(objects::named(intent, there(objects::target(intent)?.0)?)?.1);
    let mut left: Vec<_> = renames.iter().filter_map(|intent| Some((now(intent)?, intent))).collect();
    if left.is_empty() {
        return Vec::new();
    }
    let pair = |(from, intent): &(Ident, &Intent)| Some((from.clone(), objects::target(intent)?.1.clone()));
    let pairs = left.iter().filter_map(pair).collect();
    let taken =
        base.tables.values().flat_map(|table| names::relations(table).chain(names::constraints(table)));
    let mut all = Vec::new();
    for (from, to) in in_order(pairs, taken) {
        let is_last = |intent: &Intent| objects::target(intent).is_some_and(|(_, name)| *name == to);
        let place = left.iter().position(|(name, intent)| *name == from && is_last(intent));
        let Some(place) = place.or_else(|| left.iter().position(|(name, _)| *name == from)) else { continue };
        // SQLite knows unique constraints by the end of their names.
        let is_way = !renames.iter().any(is_last) && matches!(left[place].1, Intent::RenameUnique(_));
        let called = if is_way { names::moving_unique(&to) } else { to.clone() };
        all.push(objects::by_way_of(left[place].1, &from, &called));
        left[place].0 = to;
    }
    all
}
