//! Names that differ by case alone, which a database keeps apart and metadata do not: one of them can be a field.

use super::adopt::why_not;
use super::{Drift, LeftOut, Part, Scope, State};
use crate::ident::{Ident, quoted};
use crate::metadata::Entity;
use crate::schema::{Schema, Table};

/// The column or field beside which a column can be no field: one that is a field already, or else the first.
pub(super) fn alike(entity: Option<&Entity>, table: &Table, column: &Ident) -> Option<Ident> {
    let own = |entity: &Entity| entity.fields.iter().map(|field| field.spec.name.clone()).collect();
    let fields: Vec<Ident> = entity.map(own).unwrap_or_default();
    let can_be = table.columns.values().filter(|column| why_not(column).is_none());
    let all = fields.into_iter().chain(can_be.map(|column| column.name.clone()));
    let first = all.into_iter().find(|name| name.collides(column))?;
    (first != *column).then_some(first)
}

/// That a column is left out for that.
pub(super) fn left_out(table: &Ident, column: &Ident, beside: &Ident) -> LeftOut {
    let (name, other) = (quoted(column.as_str()), quoted(beside.as_str()));
    let why = format!(
        "its name differs from {other} by case alone, which names of fields may not; give it another one by hand (RENAME COLUMN {name} TO …), then adopt it"
    );
    LeftOut { table: table.as_str().to_owned(), column: Some(column.as_str().to_owned()), why }
}

impl Drift {
    /// The columns of entities' tables that an adoption leaves out for that.
    pub(super) fn beside_alike(&self, found: &Schema, scope: &Scope) -> Vec<LeftOut> {
        let added = self.findings.iter().filter(|f| f.state() == State::Extra && scope.has(f));
        let left = added.filter_map(|finding| {
            let Part::Column(column) = &finding.part else { return None };
            let entity = self.metadata.entity(&finding.table)?;
            let beside = alike(Some(entity), found.table(&finding.table)?, column)?;
            Some(left_out(&finding.table, column, &beside))
        });
        left.collect()
    }
}
