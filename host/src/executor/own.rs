//! Whether the tables of a job are those that it was worked out for: hands may have given them or their columns other names,
//! and made others. Asked within its transaction, before anything is done; of SQLite by `known`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use hookwright_core::ddl::Statement;
use hookwright_core::ident::{Ident, OrgName};
use hookwright_core::plan::Plan;
use hookwright_core::schema::Table;

use crate::db::gate::Script;

/// The tables of a job, and by what they are known.
#[derive(Debug, Clone, Default)]
pub struct Own {
    /// Those that it works on, and are there before, each with a name that goes along if hands call it otherwise.
    pub marked: BTreeMap<Ident, Ident>,
    /// SQLite: those that it works on or refers to, and are there before, as they are.
    pub shapes: BTreeMap<Ident, Arc<Table>>,
    /// All that it works on, and those of which it writes what they are.
    pub touched: BTreeSet<Ident>,
    /// Whether it calls them as the record does; a repair calls them as the database does.
    pub as_recorded: bool,
}

impl Own {
    /// Those of a plan.
    #[must_use]
    pub fn of(plan: &Plan, as_recorded: bool) -> Self {
        let (marked, shapes) = (plan.marked.clone(), plan.shapes.clone());
        // What is kept has no mark.
        let touched = plan.statements().filter_map(Statement::table).cloned().collect();
        Self { marked, shapes, touched, as_recorded }
    }

    /// Asks PostgreSQL.
    pub(super) fn ask(&self, org: &OrgName, batch: &mut Script) {
        let tables: BTreeSet<_> = self.marked.keys().chain(&self.touched).collect();
        if tables.is_empty() {
            return;
        }
        batch.sql("SELECT hookwright.own(").text(org.as_str()).sql(", ARRAY[");
        batch.texts(tables.iter().map(|table| table.as_str())).sql("]::pg_catalog.name[], ARRAY[");
        for (index, table) in tables.into_iter().enumerate() {
            batch.sql(if index > 0 { ", " } else { "" });
            batch.text_or_null(self.marked.get(table).map(Ident::as_str));
        }
        batch.sql("]::pg_catalog.name[], ").sql(if self.as_recorded { "true" } else { "false" }).sql(");\n");
    }
}
