//! What tells whether the rows of metadata and model are those that changes wrote: of each kind how many there are, and a
//! sum over them. A change writes it into the ledger beside what undoes it; whoever reads the rows anew compares.
//!
//! A sum, since a change can then add what it writes and take away what it overwrites, and need not go through the rest.

use std::hash::{DefaultHasher, Hash, Hasher};

use imbl::OrdMap;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use hookwright_core::ident::Ident;

use crate::executor::{Rows, TableRow};

/// The rows of an organisation, each by what tells it from any other.
#[derive(Debug, Clone, Default)]
pub struct Kept {
    rows: OrdMap<(Kind, u64), u64>,
    sums: Sums,
}

/// A kind of rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Entity,
    Field,
    Table,
}

/// What is recorded of all rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Sums {
    pub(super) entities: Sum,
    pub(super) fields: Sum,
    pub(super) tables: Sum,
}

/// What is recorded of the rows of a kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Sum {
    pub(super) rows: u64,
    sum: u64,
}

impl Kept {
    /// These rows after a change that writes some.
    pub(crate) fn after(&self, rows: &Rows, tables: &[TableRow], gone_tables: &[Ident]) -> Self {
        let mut kept = self.clone();
        rows.gone_fields.iter().for_each(|id| kept.take(Kind::Field, id.as_str()));
        rows.gone_entities.iter().for_each(|id| kept.take(Kind::Entity, id.as_str()));
        gone_tables.iter().for_each(|name| kept.take(Kind::Table, name.as_str()));
        for row in &rows.entities {
            kept.entity(row.id.as_str(), row.name.as_str(), &row.spec_json);
        }
        for row in &rows.fields {
            kept.field((row.id.as_str(), row.entity.as_str()), row.position, &row.spec_json, None);
        }
        for row in tables {
            kept.table(row.name.as_str(), &row.definition_json);
        }
        kept
    }

    pub(super) fn entity(&mut self, id: &str, name: &str, spec: &str) {
        self.put(Kind::Entity, id, &[name, spec]);
    }

    /// A row with another name than its specification says counts as another row.
    pub(super) fn field(
        &mut self,
        (id, entity): (&str, &str),
        position: i64,
        spec: &str,
        other_name: Option<&str>,
    ) {
        let position = position.to_string();
        let values: Vec<_> = [entity, &position, spec].into_iter().chain(other_name).collect();
        self.put(Kind::Field, id, &values);
    }

    pub(super) fn table(&mut self, name: &str, definition: &str) {
        self.put(Kind::Table, name, &[definition]);
    }

    pub(super) fn sums(&self) -> &Sums {
        &self.sums
    }

    /// What a change records.
    pub(crate) fn recorded(&self) -> impl Serialize + use<> {
        self.sums
    }

    fn put(&mut self, kind: Kind, key: &str, values: &[&str]) {
        self.take(kind, key);
        let row = hash(std::iter::once(key).chain(values.iter().copied()));
        self.rows.insert((kind, place(key)), row);
        let sum = self.sums.of(kind);
        *sum = Sum { rows: sum.rows + 1, sum: sum.sum.wrapping_add(row) };
    }

    fn take(&mut self, kind: Kind, key: &str) {
        if let Some(row) = self.rows.remove(&(kind, place(key))) {
            let sum = self.sums.of(kind);
            *sum = Sum { rows: sum.rows - 1, sum: sum.sum.wrapping_sub(row) };
        }
    }
}

impl Sums {
    fn of(&mut self, kind: Kind) -> &mut Sum {
        match kind {
            Kind::Entity => &mut self.entities,
            Kind::Field => &mut self.fields,
            Kind::Table => &mut self.tables,
        }
    }
}

/// Where a row is among the others; never recorded, so a quick sum will do.
fn place(key: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    hasher.finish()
}

/// Each text with its length, so that no two lists of texts are one.
fn hash<'t>(texts: impl IntoIterator<Item = &'t str>) -> u64 {
    let mut hash = Sha256::new();
    for text in texts {
        hash.update((text.len() as u64).to_be_bytes());
        hash.update(text);
    }
    let mut bytes = [0_u8; 8];
    bytes.copy_from_slice(&hash.finalize()[..8]);
    u64::from_be_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(fields: &[(&str, i64)]) -> Kept {
        let mut kept = Kept::default();
        fields.iter().for_each(|(id, position)| kept.field((id, "e"), *position, "{}", None));
        kept
    }

    #[test]
    fn what_is_written_counts_and_not_how_often() {
        let mut kept = of(&[("a", 0), ("b", 1)]);
        assert_eq!(kept.sums(), of(&[("b", 1), ("a", 0)]).sums());
        kept.field(("a", "e"), 5, "{}", None);
        assert_eq!(kept.sums(), of(&[("a", 5), ("b", 1)]).sums());
        assert_ne!(kept.sums(), of(&[("a", 1), ("b", 5)]).sums());
        kept.field(("a", "e"), 5, "{}", Some("other"));
        assert_ne!(kept.sums(), of(&[("a", 5), ("b", 1)]).sums());
        kept.take(Kind::Field, "a");
        kept.take(Kind::Field, "nobody");
        assert_eq!(kept.sums(), of(&[("b", 1)]).sums());
    }

    /// Rows that were written by one version are read by the next.
    #[test]
    fn a_row_has_one_sum_for_ever() {
        let kept = of(&[("a", 0)]);
        let json = serde_json::to_string(&kept.recorded()).expect("JSON");
        assert_eq!(serde_json::from_str::<Sums>(&json).expect("read"), *kept.sums());
        insta::assert_snapshot!(json, @r#"{"entities":{"rows":0,"sum":0},"fields":{"rows":1,"sum":9076104676121672049},"tables":{"rows":0,"sum":0}}"#);
    }
}
