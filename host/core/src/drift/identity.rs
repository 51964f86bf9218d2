//! What tables and columns are, whatever they are called: what the database itself numbered, and the record noted. Where
//! nothing was noted (on SQLite, or where a dump was restored), names and likeness tell, as `renamed` and `marks` do.

use std::collections::{BTreeMap, BTreeSet};

use super::{Away, is_stranger};
use crate::ident::Ident;
use crate::intent::RenameTable;
use crate::schema::{Schema, Table};

/// Recorded tables of which the database knows where they are.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Identities(BTreeMap<Ident, Identity>);

/// Where a recorded table is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The name that it has.
    pub called: Ident,
    /// The schema that it is in, if that is not its organisation's.
    pub away: Option<String>,
    /// Its columns that have other names than recorded, with these.
    pub columns: BTreeMap<Ident, Ident>,
}

impl FromIterator<(Ident, Identity)> for Identities {
    fn from_iter<I: IntoIterator<Item = (Ident, Identity)>>(all: I) -> Self {
        Self(all.into_iter().collect())
    }
}

impl Identities {
    /// Without tables in other schemas in whose places others are with all their columns and the record's names on them: a
    /// schema was renamed, say, and restored beside it.
    #[must_use]
    pub fn in_place(&self, recorded: &Schema, found: &Schema) -> Self {
        let is_there = |name: &Ident| {
            let known = recorded.table(name).zip(found.table(name));
            known.is_some_and(|(known, there)| {
                let has_all = known.physical().columns.keys().all(|column| there.column(column).is_some());
                has_all && !is_stranger(known, there)
            })
        };
        let all = self.0.iter().filter(|(name, identity)| identity.away.is_none() || !is_there(name));
        all.map(|(name, identity)| (name.clone(), identity.clone())).collect()
    }

    /// Where a recorded table is, if that is known.
    #[must_use]
    pub fn of(&self, table: &Ident) -> Option<&Identity> {
        self.0.get(table)
    }

    /// Those that are in another schema.
    pub fn away(&self) -> impl Iterator<Item = Away> + '_ {
        self.0.iter().filter_map(|(table, identity)| {
            let (table, called) = (table.clone(), identity.called.clone());
            identity.away.clone().map(|schema| Away { table, schema, called })
        })
    }

    /// The names in the organisation's schema that are those of recorded tables.
    pub(super) fn taken(&self) -> BTreeSet<&Ident> {
        self.0.values().filter(|identity| identity.away.is_none()).map(|identity| &identity.called).collect()
    }

    /// The recorded tables of which this is known.
    pub(super) fn known(&self) -> BTreeSet<&Ident> {
        self.0.keys().collect()
    }

    /// What gives recorded tables their names back.
    pub(super) fn moved(&self, recorded: &Schema) -> Vec<RenameTable> {
        let here = self.0.iter().filter(|(name, identity)| {
            identity.away.is_none() && identity.called != **name && recorded.tables.contains_key(*name)
        });
        here.map(|(name, identity)| RenameTable { table: identity.called.clone(), to: name.clone() })
            .collect()
    }
}

impl Identity {
    /// The names of columns, each with the one that it is to have again: of those that are called for, or that have the
    /// name of another.
    pub(super) fn columns_back(
        &self,
        wanted: &Table,
        recorded: &Table,
        found: &Table,
    ) -> Vec<(Ident, Ident)> {
        let is_meant = |(was, now): &(&Ident, &Ident)| {
            let is_called_for = wanted.columns.contains_key(*was) || recorded.columns.contains_key(*now);
            recorded.columns.contains_key(*was) && found.columns.contains_key(*now) && is_called_for
        };
        self.columns.iter().filter(is_meant).map(|(was, now)| (now.clone(), was.clone())).collect()
    }
}
