//! Statements for people to run, with the schema in them: whatever schemas a session searches, they can be pasted.

use hookwright_core::ddl::Dialect;
use hookwright_core::drift::{self, Need, Obstacle, ObstacleKind, Part, StrangerKind};
use hookwright_core::ident::{Ident, OrgName};

use crate::db::VIEW;
use crate::tenant::Tenant;

/// Where the tables of an organisation are.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Site<'a> {
    pub org: &'a OrgName,
    pub dialect: Dialect,
}

impl<'a> Site<'a> {
    pub(crate) fn of(tenant: &'a Tenant) -> Self {
        Self { org: tenant.org(), dialect: tenant.db().dialect() }
    }

    /// A table, view or index by its whole name.
    pub(crate) fn whole(self, name: &str) -> String {
        match self.dialect {
            Dialect::Postgres => format!("{}.{}", quote(self.org.as_str()), quote(name)),
            Dialect::Sqlite => quote(name),
        }
    }

    /// What gives a table or view another name. SQLite has nothing that renames a view.
    pub(crate) fn aside(self, name: &str, to: &Ident, is_view: bool) -> String {
        match (self.dialect, is_view) {
            (Dialect::Sqlite, true) => format!("DROP VIEW {}", quote(name)),
            // PostgreSQL renames views by these words, too.
            _ => format!("ALTER TABLE {} RENAME TO {}", self.whole(name), quote(to.as_str())),
        }
    }

    /// What has something of others make room for what has to have its name, after what that comes to.
    pub(super) fn out_of_the_way(self, obstacle: &Obstacle) -> String {
        let Obstacle { kind, name, table, is, free, .. } = obstacle;
        let on = || format!("ALTER TABLE {}", self.whole(table));
        let (old, new) = (quote(name), quote(free.as_str()));
        match (kind, self.dialect) {
            (ObstacleKind::Table | ObstacleKind::Relation, _) => {
                format!("move it away by hand: {}", self.aside(name, free, is == VIEW))
            }
            (ObstacleKind::Index, Dialect::Postgres) => {
                format!("give it another name by hand: ALTER INDEX {} RENAME TO {new}", self.whole(name))
            }
            (ObstacleKind::Index, Dialect::Sqlite) => {
                format!("drop it by hand, and make it again under another name: DROP INDEX {old}")
            }
            (ObstacleKind::Constraint, _) => {
                format!("give it another name by hand: {} RENAME CONSTRAINT {old} TO {new}", on())
            }
            (ObstacleKind::Column, _) => {
                format!("give it another name by hand: {} RENAME COLUMN {old} TO {new}", on())
            }
        }
    }

    /// What changes a column of a table.
    pub(crate) fn column(self, table: &str, column: &str, change: &str) -> String {
        format!("ALTER TABLE {} ALTER COLUMN {} {change}", self.whole(table), quote(column))
    }

    /// What a finding needs of people.
    pub(super) fn need(self, finding: &drift::Finding) -> Option<String> {
        if let (Part::Column(column), Some(Need::Room(aside))) = (&finding.part, &finding.needs) {
            let (table, column) = (self.whole(finding.table.as_str()), quote(column.as_str()));
            return Some(format!("ALTER TABLE {table} RENAME COLUMN {column} TO {}", quote(aside.as_str())));
        }
        if let (Some(Need::Convert(change)), Some(column)) = (&finding.needs, finding.part.column()) {
            let statement = self.column(finding.table.as_str(), column.as_str(), change);
            let otherwise = match change.contains(" USING ") {
                true => "",
                false => "; if PostgreSQL cannot, with USING and what makes a value of each",
            };
            return Some(format!("by hand: {statement}{otherwise}"));
        }
        if let Some(Need::Choice(like)) = &finding.needs {
            return Some(self.chosen(finding.table.as_str(), like));
        }
        let called = match finding.needs {
            Some(Need::Return(_)) => finding.called.as_ref(),
            Some(Need::Detach(_) | Need::Disinherit(_) | Need::Untype) => finding.renamed.as_ref(),
            _ => None,
        };
        let table = called.unwrap_or(&finding.table);
        self.needed(table.as_str(), finding.needs.as_ref()?, finding.found.as_deref() == Some(VIEW))
    }

    /// What takes one of some tables for one that is missing, or has that made anew.
    pub(super) fn chosen(self, table: &str, like: &[Ident]) -> String {
        let rename =
            |from: &Ident| format!("ALTER TABLE {} RENAME TO {}", self.whole(from.as_str()), quote(table));
        let statements = like.iter().map(rename).collect::<Vec<_>>().join("; or ");
        let org = self.org;
        format!(
            "by hand, if it is that: {statements}; if it is gone for good, have an empty one made: hookwright sync --org {org} --entity {table} --confirm"
        )
    }

    /// What makes room for a table, or a table of the host's of what has its name.
    pub(crate) fn needed(self, table: &str, needs: &Need, is_view: bool) -> Option<String> {
        match needs {
            Need::Return(schema) => {
                let (from, to) = (quote(schema), quote(self.org.as_str()));
                Some(format!("ALTER TABLE {from}.{} SET SCHEMA {to}", quote(table)))
            }
            Need::Room(aside) => Some(self.aside(table, aside, false)),
            Need::Aside(aside) => Some(self.aside(table, aside, is_view)),
            Need::Detach(whole) => {
                Some(format!("ALTER TABLE {whole} DETACH PARTITION {}", self.whole(table)))
            }
            Need::Disinherit(parent) => {
                Some(format!("ALTER TABLE {} NO INHERIT {parent}", self.whole(table)))
            }
            Need::Untype => Some(format!("ALTER TABLE {} NOT OF", self.whole(table))),
            Need::Others | Need::Table | Need::Convert(_) | Need::Choice(_) => None,
        }
    }

    /// What ends a finding that the host has no word for.
    pub(super) fn stranger(self, finding: &drift::Finding) -> Option<String> {
        let Part::Stranger(kind, name) = &finding.part else { return None };
        let (table, anew) = (self.whole(finding.table.as_str()), "make it anew without it");
        let alter = |what: &str| format!("ALTER TABLE {table} {what} {}", quote(name));
        let what = match (kind, self.dialect) {
            (StrangerKind::Column, _) => format!(
                "{} TO … (a name that a field can have), then adopt it; or {}",
                alter("RENAME COLUMN"),
                alter("DROP COLUMN")
            ),
            (StrangerKind::Constraint | StrangerKind::ForeignKey, Dialect::Postgres) => {
                alter("DROP CONSTRAINT")
            }
            (StrangerKind::Clause | StrangerKind::Constraint | StrangerKind::ForeignKey, _) => {
                format!("the table {table} has it in its definition: {anew}")
            }
            (StrangerKind::Index, _) => format!("DROP INDEX {}", self.whole(name)),
            (StrangerKind::Relation, _) => return None,
        };
        Some(format!("by hand: {what}"))
    }
}

/// A name as SQL has it.
pub(crate) fn quote(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
