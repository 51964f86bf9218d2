//! What has the name of a table, and is none that the host can change: what it is, and what makes one of it again
//! (PostgreSQL).

use std::collections::BTreeSet;

use hookwright_core::drift::Need;
use hookwright_core::ident::Ident;

use super::inspect::VIEW;
use super::{DbError, OrgDb, Pool};

/// The partitioned table that a relation `c` is a part of, by its whole name.
macro_rules! parent {
    () => {
        "(SELECT format('%I.%I', pn.nspname, p.relname) FROM pg_inherits i JOIN pg_class p ON p.oid = i.inhparent \
        JOIN pg_namespace pn ON pn.oid = p.relnamespace WHERE c.relispartition AND i.inhrelid = c.oid)"
    };
}
pub(super) use parent;

const LOOK: &str = concat!(
    "SELECT c.relname::text, c.relkind::text, ",
    parent!(),
    ", c.reloftype <> 0 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
    WHERE n.nspname = $1 AND c.relname = ANY ($2) AND (c.relkind IN ('p', 'v', 'm', 'f') OR c.relispartition OR c.reloftype <> 0) \
    ORDER BY c.relname"
);

/// What has the name of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Replaced {
    /// The name.
    pub name: Ident,
    /// What it is: `it is partitioned`.
    pub is: &'static str,
    /// What makes a table of it again, if it is one.
    pub needs: Option<Need>,
}

/// What a relation is that is no table on its own, by its kind in the catalogue.
pub(super) fn what(
    kind: &str,
    parent: Option<String>,
    is_typed: bool,
) -> Option<(&'static str, Option<Need>)> {
    match (kind, parent) {
        ("v" | "m", _) => Some((VIEW, None)),
        ("p", _) => Some(("it is partitioned", None)),
        ("f", _) => Some(("its rows are on another server", None)),
        (_, Some(parent)) => Some(("it is a part of a partitioned table", Some(Need::Detach(parent)))),
        (_, None) => is_typed.then_some(("it is made of a type (CREATE TABLE … OF)", Some(Need::Untype))),
    }
}

impl OrgDb {
    /// Those of some tables whose names something else has.
    ///
    /// # Errors
    /// What the database says.
    pub(crate) async fn replaced(&self, tables: &BTreeSet<Ident>) -> Result<Vec<Replaced>, DbError> {
        let Pool::Postgres(pool) = self.pool() else { return Ok(Vec::new()) };
        let names: Vec<_> = tables.iter().map(|table| table.as_str().to_owned()).collect();
        let ask = || async {
            let mut lent = pool.acquire().await?;
            let rows = sqlx::query_as(LOOK).bind(self.org().as_str()).bind(names.clone());
            let rows = rows.fetch_all(&mut *lent).await;
            lent.answered(rows)
        };
        let rows: Vec<(String, String, Option<String>, bool)> = reading!(self, ask())?;
        let replaced = rows.into_iter().filter_map(|(name, kind, parent, is_typed)| {
            let (is, needs) = what(&kind, parent, is_typed)?;
            Some(Replaced { name: Ident::parse(&name).ok()?, is, needs })
        });
        Ok(replaced.collect())
    }
}
