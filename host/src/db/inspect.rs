//! The physical schema as the core's model, with a list of all that the model cannot or should not hold.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use hookwright_core::ddl::Dialect;
use hookwright_core::drift::{Identities, LeftOut, Need, Stranger, StrangerKind};
use hookwright_core::ident::Ident;
use hookwright_core::schema::{BURIED_PREFIX, Schema, Table, names};
use serde::Serialize;

use super::{DbError, OrgDb, Pool, postgres_inspect, sqlite_inspect};

/// What is said of a view that has a table's name.
pub(crate) const VIEW: &str = "it is a view";

/// What a database physically has.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Inspected {
    /// Its managed tables, as far as the model can say what they are.
    pub schema: Schema,
    /// The rest: tables that are not managed, and parts of managed ones that the model cannot express.
    pub foreign: Vec<Foreign>,
    /// What recorded tables and columns are called now, if that was asked for.
    pub identities: Identities,
    /// The comment on the schema, which tells whose it is.
    pub(super) mark: Option<String>,
    /// How the database numbers what is there.
    pub(super) numbers: Numbers,
}

/// The names of tables and columns by the database's own numbers, which stay when hands change the names. PostgreSQL has such.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Numbers {
    pub tables: HashMap<i64, Ident>,
    /// By the number of their table and their own.
    pub columns: HashMap<(i64, i16), Ident>,
}

/// A thing Hookwright did not make, or does not understand. It is never touched.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Foreign {
    /// The table it is, or is on.
    pub table: String,
    /// What it is.
    pub kind: ForeignKind,
    /// Its name.
    pub name: String,
    /// Why it is not in the model.
    pub reason: String,
    /// What makes a table of it again that the model can hold.
    #[serde(skip)]
    pub needs: Option<Need>,
}

/// What a foreign thing is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ForeignKind {
    /// A table.
    Table,
    /// A view, plain or materialised.
    View,
    /// A column of a managed table, whose type the model lacks.
    Column,
    /// A constraint of a managed table.
    Constraint,
    /// What a managed table is besides (`WITHOUT ROWID`).
    Option,
    /// An index of a managed table.
    Index,
    /// A trigger of a managed table.
    Trigger,
}

impl ForeignKind {
    /// In a word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::View => "view",
            Self::Column => "column",
            Self::Constraint => "constraint",
            Self::Option => "option",
            Self::Index => "index",
            Self::Trigger => "trigger",
        }
    }
}

impl Foreign {
    /// Whether it takes a name that tables and indexes have in common.
    #[must_use]
    pub fn is_relation(&self) -> bool {
        matches!(self.kind, ForeignKind::Table | ForeignKind::View)
    }

    pub(super) fn new(table: &str, kind: ForeignKind, name: &str, reason: impl Into<String>) -> Self {
        Self { table: table.to_owned(), kind, name: name.to_owned(), reason: reason.into(), needs: None }
    }

    /// A table that is not in the model, and why.
    pub(super) fn table(name: &str, reason: &str) -> Self {
        Self::new(name, ForeignKind::Table, name, reason)
    }

    /// A table whose name is none of those that are looked for, or that there can be.
    pub(super) fn unnamed(name: &str, managed: Option<&BTreeSet<Ident>>) -> Self {
        let reason = match managed {
            Some(_) => "Hookwright did not make it",
            None => "its name is none that an entity can have",
        };
        Self::table(name, reason)
    }
}

/// The name of a table that belongs to the model: one of `managed`, or, if all do, one that is not reserved.
pub(super) fn managed_table(name: &str, managed: Option<&BTreeSet<Ident>>) -> Option<Ident> {
    match managed {
        Some(managed) => Ident::parse(name).ok().filter(|name| managed.contains(name)),
        None if name.starts_with(BURIED_PREFIX) => Ident::parse(name).ok(),
        None => Ident::table(name).ok(),
    }
}

impl Inspected {
    /// A free name for what has the name of something else.
    #[must_use]
    pub fn aside(&self, name: &Ident) -> Ident {
        let is_foreign = |name: &Ident| {
            let is_named = |f: &Foreign| f.is_relation() || f.kind == ForeignKind::Index;
            self.foreign.iter().any(|f| is_named(f) && f.name == name.as_str())
        };
        names::aside(name, |name| is_foreign(name) || names::relation_taken(&self.schema, name))
    }

    /// The names of a table's columns, those among them that the model cannot hold.
    #[must_use]
    pub fn columns(&self, table: &Ident) -> Vec<String> {
        let own = self.schema.table(table).into_iter().flat_map(|table| table.columns.keys());
        let is_on = |f: &&Foreign| f.kind == ForeignKind::Column && f.table == table.as_str();
        let foreign = self.foreign.iter().filter(is_on).map(|foreign| foreign.name.clone());
        own.map(|name| name.as_str().to_owned()).chain(foreign).collect()
    }

    /// The tables and columns that can be no entities and fields.
    #[must_use]
    pub fn beyond(&self) -> Vec<LeftOut> {
        let left_out = |foreign: &Foreign| {
            let column = match foreign.kind {
                ForeignKind::Table => None,
                ForeignKind::Column => Some(foreign.name.clone()),
                _ => return None,
            };
            Some(LeftOut { table: foreign.table.clone(), column, why: foreign.reason.clone() })
        };
        self.foreign.iter().filter_map(left_out).collect()
    }

    /// What is on tables, or in their place, and the model has no word for. Triggers, views and options
    /// are no drift.
    #[must_use]
    pub fn strangers(&self, dialect: Dialect) -> Vec<Stranger> {
        let stranger = |foreign: &Foreign| {
            let Foreign { table, kind, name, reason, needs } = foreign;
            let kind = match kind {
                ForeignKind::Table | ForeignKind::View => StrangerKind::Relation,
                ForeignKind::Column => StrangerKind::Column,
                // SQLite has it in the table's text alone.
                ForeignKind::Constraint if dialect == Dialect::Sqlite => StrangerKind::Clause,
                ForeignKind::Constraint => StrangerKind::Constraint,
                ForeignKind::Index => StrangerKind::Index,
                ForeignKind::Trigger | ForeignKind::Option => return None,
            };
            let is = if foreign.kind == ForeignKind::View { VIEW } else { reason };
            let (table, name, needs) = (table.clone(), name.clone(), needs.clone());
            Some(Stranger { table, kind, name, is: is.to_owned(), needs })
        };
        self.foreign.iter().filter_map(stranger).collect()
    }
}

impl OrgDb {
    /// What is physically there. With `managed`, only those tables are read; others are listed as foreign.
    ///
    /// # Errors
    /// What the database says.
    pub async fn inspect(&self, managed: Option<&BTreeSet<Ident>>) -> Result<Inspected, DbError> {
        let look = || async {
            match self.pool() {
                Pool::Postgres(pool) => postgres_inspect::inspect(pool, self.org().as_str(), managed).await,
                Pool::Sqlite(pool) => sqlite_inspect::inspect(pool, managed).await,
            }
        };
        let inspected = reading!(self, look());
        match inspected {
            Ok(mut inspected) => {
                if let Some(exchanged) = self.exchanged(inspected.mark.as_deref()).await? {
                    return Err(DbError::Unusable(Box::new(exchanged)));
                }
                inspected.foreign.sort();
                Ok(inspected)
            }
            Err(DbError::Blocked { tries, holders, .. }) => {
                Err(DbError::Blocked { tries, blockers: self.owners_of_tables().await?, holders })
            }
            Err(error) => Err(error),
        }
    }
}

/// The same schema without comments, which SQLite does not keep.
#[must_use]
pub fn without_comments(schema: &Schema) -> Schema {
    let bare = |table: &Table| {
        let mut table = table.clone();
        table.comment = None;
        table.columns.values_mut().for_each(|c| c.comment = None);
        table
    };
    let tables = schema.tables.iter().map(|(name, table)| (name.clone(), Arc::new(bare(table)))).collect();
    Schema { tables, ..Schema::default() }
}
