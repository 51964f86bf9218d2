//! The schema from which a repair begins, and what the record learns from it.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::known::is_as_recorded;
use super::named::applied;
use super::{Drift, Finding, Part, Scope, State, Unrepaired, extras, narrow};
use crate::ident::Ident;
use crate::intent::Intent;
use crate::schema::{Schema, Table};

impl Drift {
    /// The tables within a scope to which a column comes back that must have a value and is given none: whether they have
    /// rows decides whether it can be required at once.
    #[must_use]
    pub fn to_require(&self, scope: &Scope) -> BTreeSet<Ident> {
        let needs = |finding: &&Finding| {
            let Part::Column(name) = &finding.part else { return false };
            let wanted = self.wanted.table(&finding.table).and_then(|table| table.column(name));
            finding.state() == State::Missing
                && finding.renamed.is_none()
                && wanted.is_some_and(|c| !c.nullable && c.default.is_none() && c.generated.is_none())
        };
        let meant = self.findings.iter().filter(|f| scope.has(f)).filter(needs).map(|f| f.table.clone());
        meant.filter(|table| self.found.tables.contains_key(table)).collect()
    }

    /// With tables that are known to have no rows.
    #[must_use]
    pub fn knowing_empty(self, empty: BTreeSet<Ident>) -> Self {
        Self { empty, ..self }
    }

    /// The schema from which a repair begins: what the database has where it is to be repaired, and what the record has
    /// elsewhere. What others added is in it only if it is to go.
    #[must_use]
    pub fn base(&self, scope: &Scope) -> Schema {
        let scope = &self.widened(scope);
        let mut base = if scope.loosening { self.loosened() } else { self.there(scope) };
        let named = (!self.renames.is_empty()).then(|| applied(&self.found, &self.renames));
        let named = |table: &Ident| named.as_ref().and_then(|model| model.schema().table(table));
        let stay = self.findings.iter().filter(|f| !scope.has(f)).chain(&self.ignored);
        for finding in stay.filter(|f| f.is_foreign()) {
            let name = self.origin(&finding.table).unwrap_or_else(|| finding.table.clone());
            extras::remove(&mut base, &name, &finding.part, named(&finding.table));
        }
        for table in self.only_ignored(scope) {
            if let Some(known) = self.recorded.tables.get(table) {
                base.tables.insert(table.clone(), known.clone());
            }
        }
        if let (Some(table), Some(column)) = (&scope.table, &scope.column) {
            self.narrow(&mut base, table, column, scope);
        }
        self.keep_replaced(&mut base);
        for (name, known) in &self.recorded.tables {
            if base.tables.get(name).is_some_and(|table| is_as_recorded(table, known)) {
                base.tables.insert(name.clone(), known.clone());
            }
        }
        base
    }

    /// Whether a base has the record say anything new of tables on which nothing is left.
    #[must_use]
    pub fn records(&self, base: &Schema, left: &[Unrepaired]) -> bool {
        let is_left = |name: &Ident| left.iter().any(|left| left.finding.table == *name);
        let is_known = |(name, table): (&Ident, &Arc<Table>)| {
            self.recorded.tables.get(name).is_some_and(|known| Arc::ptr_eq(known, table))
        };
        !base.tables.iter().all(|table| is_left(table.0) || is_known(table))
            || self.recorded.tables.keys().any(|name| !base.tables.contains_key(name) && !is_left(name))
    }

    /// What the database has where it is to be repaired, and the record elsewhere.
    fn there(&self, scope: &Scope) -> Schema {
        let mut base = self.found.clone();
        if let Some(only) = &scope.table {
            let together = self.trading(only);
            let is_meant = |name: &Ident| name == only || together.contains(name);
            let here = self.found.tables.iter().filter(|(name, _)| is_meant(name));
            let here = here.map(|(name, table)| (name.clone(), self.within(only, table, &together)));
            let elsewhere = self.recorded.tables.iter().filter(|(name, _)| !is_meant(name));
            let elsewhere =
                elsewhere.map(|(name, table)| (name.clone(), self.as_referring(table, &together)));
            base.tables = here.chain(elsewhere).collect();
        }
        base.buried = self.kept_still(scope);
        base
    }

    /// A table that moves along with the one that is to be repaired is what the record says, under the name that it has.
    fn within(&self, only: &Ident, table: &Arc<Table>, together: &BTreeSet<Ident>) -> Arc<Table> {
        let to = self.renames.iter().find_map(|intent| match intent {
            Intent::RenameTable(rename) if rename.table == table.name => Some(&rename.to),
            _ => None,
        });
        match to.filter(|to| *to != only).and_then(|to| self.recorded.tables.get(to)) {
            Some(known) => Arc::new(narrow::called(&self.as_referring(known, together), &table.name)),
            None => table.clone(),
        }
    }

    /// A recorded table that refers to some others by the names that these have now.
    fn as_referring(&self, table: &Arc<Table>, moved: &BTreeSet<Ident>) -> Arc<Table> {
        if !table.foreign_keys.iter().any(|key| moved.contains(&key.table)) {
            return table.clone();
        }
        let mut table = Table::clone(table);
        for key in table.foreign_keys.iter_mut().filter(|key| moved.contains(&key.table)) {
            key.table = self.origin(&key.table).unwrap_or_else(|| key.table.clone());
        }
        Arc::new(table)
    }

    pub(super) fn ignores(&self, finding: &Finding) -> bool {
        let id = finding.id();
        self.ignored.iter().any(|ignored| ignored.id() == id)
    }

    /// Of a table of which one column is to be repaired, what is not about that column is as the record has it.
    fn narrow(&self, base: &mut Schema, table: &Ident, column: &Ident, scope: &Scope) {
        let at = self.origin(table).unwrap_or_else(|| table.clone());
        let (Some(found), Some(known)) = (base.tables.get(&at), self.recorded.tables.get(table)) else {
            return;
        };
        let known = &narrow::called(known, &at);
        let from = self.names_in(scope).into_iter().find_map(|rename| match rename {
            Intent::RenameColumn(r) if r.table == *table && r.to == *column => Some(r.column),
            _ => None,
        });
        let narrowed = narrow::to_column(known, found, column, from.as_ref());
        base.tables.insert(at, Arc::new(narrowed));
    }

    /// Tables on which nothing is found but what is left as it is: the record of them stays what it is, too.
    fn only_ignored(&self, scope: &Scope) -> impl Iterator<Item = &Ident> {
        let found = |table: &Ident| self.findings.iter().any(|f| f.table == *table && scope.has(f));
        let tables: BTreeSet<_> = self.ignored.iter().map(|finding| &finding.table).collect();
        let moves = |table: &Ident| {
            self.renames.iter().any(|intent| match intent {
                Intent::RenameTable(rename) => rename.table == *table || rename.to == *table,
                _ => false,
            })
        };
        tables.into_iter().filter(move |table| !found(table) && !moves(table))
    }
}
