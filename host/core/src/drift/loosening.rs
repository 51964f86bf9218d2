//! What a host in `dev` mode may do by itself: loosen. Nothing else is touched, and nothing else is recorded.

use super::part::shape;
use super::{Drift, Finding, Part, repair};
use crate::conversion::{Conversion, conversion};
use crate::ddl::Dialect;
use crate::ident::Ident;
use crate::intent::Intent;
use crate::schema::Schema;

impl Drift {
    /// The schema from which loosening begins: what the record has, but for what is loosened.
    pub(super) fn loosened(&self) -> Schema {
        let mut base = self.recorded.clone();
        for finding in self.loose() {
            // What SQLite makes anew, it has to know as it is.
            if self.dialect == Dialect::Sqlite {
                let found = self.found.tables.get(&finding.table);
                found
                    .into_iter()
                    .for_each(|found| drop(base.tables.insert(finding.table.clone(), found.clone())));
                continue;
            }
            let (Some(table), Some(found)) =
                (base.table_mut(&finding.table), self.found.table(&finding.table))
            else {
                continue;
            };
            let there = finding.part.column().and_then(|name| found.column(name));
            let column = finding.part.column().and_then(|name| table.columns.get_mut(name));
            match (&finding.part, column, there) {
                (Part::Nullability(_), Some(column), Some(there)) => column.nullable = there.nullable,
                (Part::Type(_), Some(column), Some(there)) => column.ty = there.ty.clone(),
                (Part::Index(text), ..) => table.indexes.retain(|index| shape(index) != *text),
                _ => {}
            }
        }
        base
    }

    /// The findings whose repair only loosens, on tables that are where they shall be, with their columns.
    pub(super) fn loose(&self) -> Vec<&Finding> {
        let is_moved = |table: &Ident| {
            self.renames.iter().any(|intent| match intent {
                Intent::RenameTable(r) => r.table == *table || r.to == *table,
                Intent::RenameColumn(r) => r.table == *table,
                _ => false,
            })
        };
        let only_loosens = |finding: &&Finding| {
            let intents = repair::intents(&[*finding], self.called_for(), &self.found, &self.empty);
            !intents.is_empty() && intents.iter().all(|intent| loosens(intent, &self.found))
        };
        let own = self.findings.iter().filter(|finding| !finding.is_foreign() && finding.renamed.is_none());
        own.filter(only_loosens).filter(|finding| !is_moved(&finding.table)).collect()
    }
}

/// Whether an intent leaves every row and program what it may do: a column may be NULL, is wider, or is found faster.
pub(super) fn loosens(intent: &Intent, found: &Schema) -> bool {
    match intent {
        Intent::DropNotNull(_) => true,
        Intent::CreateIndex(index) => !index.index.unique,
        Intent::ChangeType(change) => {
            let column = found.table(&change.table).and_then(|t| t.column(&change.column));
            column.is_some_and(|was| {
                was.unread.is_none() && conversion(&was.ty, &change.ty) == Conversion::Widening
            })
        }
        _ => false,
    }
}
