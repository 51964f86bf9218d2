//! What has the name of a table, and is none that the host can change: what it is, and what makes one of it again
//! (PostgreSQL).

use std::collections::BTreeSet;

use hookwright_core::drift::Need;
use hookwright_core::ident::Ident;

use super::inspect::VIEW;
use super::{DbError, OrgDb, Pool};

/// The partitioned table that a relation `c` is a part of, or the first that it inherits from, by its whole name.
macro_rules! parent {
    () => {
        "(SELECT format('%I.%I', pn.nspname, p.relname) FROM pg_inherits i JOIN pg_class p ON p.oid = i.inhparent \
        JOIN pg_namespace pn ON pn.oid = p.relnamespace WHERE i.inhrelid = c.oid ORDER BY i.inhseqno LIMIT 1)"
    };
}
pub(super) use parent;

/// How a relation `c` hangs on something else.
macro_rules! bond {
    () => {
        "CASE WHEN c.reloftype <> 0 THEN 'type' WHEN c.relispartition THEN 'part' ELSE '' END"
    };
}
pub(super) use bond;

/// What inherits can be changed but for the columns that it inherits.
const LOOK: &str = concat!(
    "SELECT c.relname::text, c.relkind::text, ",
    parent!(),
    ", ",
    bond!(),
    " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
    WHERE n.nspname = $1 AND c.relname = ANY ($2) AND (c.relkind IN ('p', 'v', 'm', 'f') OR c.relispartition OR c.reloftype <> 0 \
    OR EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attinhcount > 0 AND a.attname = ANY ($3))) \
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
pub(super) fn what(kind: &str, parent: Option<String>, bond: &str) -> Option<(&'static str, Option<Need>)> {
    match (kind, bond, parent) {
        ("v" | "m", ..) => Some((VIEW, None)),
        ("p", ..) => Some(("it is partitioned", None)),
        ("f", ..) => Some(("its rows are on another server", None)),
        (_, "part", Some(whole)) => Some(("it is a part of a partitioned table", Some(Need::Detach(whole)))),
        (_, "type", _) => Some(("it is made of a type (CREATE TABLE … OF)", Some(Need::Untype))),
        (_, _, Some(parent)) => {
            Some(("it inherits columns from another table", Some(Need::Disinherit(parent))))
        }
        _ => None,
    }
}

impl OrgDb {
    /// Those of some tables whose names something else has, or that inherit one of some columns.
    ///
    /// # Errors
    /// What the database says.
    pub(crate) async fn replaced(
        &self,
        tables: &BTreeSet<Ident>,
        columns: &BTreeSet<Ident>,
    ) -> Result<Vec<Replaced>, DbError> {
        let Pool::Postgres(pool) = self.pool() else { return Ok(Vec::new()) };
        let names = |of: &BTreeSet<Ident>| of.iter().map(|name| name.as_str().to_owned()).collect::<Vec<_>>();
        let (names, columns) = (names(tables), names(columns));
        let ask = || async {
            let mut lent = pool.acquire().await?;
            let rows = sqlx::query_as(LOOK).bind(self.org().as_str()).bind(names.clone());
            let rows = rows.bind(columns.clone());
            let rows = rows.fetch_all(&mut *lent).await;
            lent.answered(rows)
        };
        let rows: Vec<(String, String, Option<String>, String)> = reading!(self, ask())?;
        let replaced = rows.into_iter().filter_map(|(name, kind, parent, bond)| {
            let (is, needs) = what(&kind, parent, &bond)?;
            Some(Replaced { name: Ident::parse(&name).ok()?, is, needs })
        });
        Ok(replaced.collect())
    }
}
