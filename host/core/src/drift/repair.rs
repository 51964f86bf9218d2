//! From findings to the intents that make the database what is called for.

use std::collections::BTreeSet;

use super::{Drift, Finding, Part};
use crate::conversion::{Conversion, conversion};
use crate::field_type::FieldType;
use crate::ident::Ident;
use crate::intent::{
    AddCheck, AddColumn, AddForeignKey, AddPrimaryKey, AddUnique, ChangeType, CreateIndex, CreateTable,
    DropCheck, DropColumn, DropDefault, DropForeignKey, DropIndex, DropNotNull, DropPrimaryKey, DropTable,
    DropUnique, Intent, SetComment, SetDefault, SetLogged, SetNotNull, SetValues,
};
use crate::schema::names::values_check;
use crate::schema::{Check, Column, ForeignKey, Index, Schema, Table};

use super::compare::{key_stand_in, stand_in};
use super::part::shape;

/// When an intent is due: what goes makes room for what comes, and what comes first is referred to by what comes later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    References,
    Constraints,
    Columns,
    Values,
    Keys,
    NewReferences,
    Tables,
}

impl Drift {
    /// What is called for, and what the record has, which knows names.
    pub(super) fn called_for(&self) -> (&Schema, &Schema) {
        (&self.wanted, &self.recorded)
    }
}

/// The intents for findings, in an order in which they can be applied to what was found. `empty` tables have no rows.
pub(super) fn intents(
    findings: &[&Finding],
    (wanted, recorded): (&Schema, &Schema),
    found: &Schema,
    empty: &BTreeSet<Ident>,
) -> Vec<Intent> {
    let mut repair = Repair { steps: Vec::new(), recorded, empty };
    for finding in findings {
        match (wanted.table(&finding.table), found.table(&finding.table)) {
            (Some(wanted), Some(found)) => repair.part(&finding.part, wanted, found),
            (Some(wanted), None) => repair.create(wanted),
            (None, Some(found)) => repair.drop(found),
            (None, None) => {}
        }
    }
    repair.steps.sort_by_key(|(stage, _)| *stage);
    repair.steps.into_iter().map(|(_, intent)| intent).collect()
}

/// Whether an intent is a conversion that the policy forbids, whatever the rows.
pub(super) fn is_hopeless(intent: &Intent, found: &Schema) -> bool {
    let Intent::ChangeType(change) = intent else { return false };
    let column = found.table(&change.table).and_then(|table| table.column(&change.column));
    column.is_some_and(|column| is_impossible(column, &change.ty))
}

/// Whether the host cannot convert what a column has into a type.
pub(super) fn is_impossible(column: &Column, to: &FieldType) -> bool {
    let is_strange = column.is_far() && *to != FieldType::Text;
    is_strange || conversion(&column.ty, to) == Conversion::Impossible
}

/// Whether an intent requires values of a column that the same repair makes.
pub(super) fn waits_for_values(intent: &Intent, before: &[Intent]) -> bool {
    let Intent::SetNotNull(required) = intent else { return false };
    before.iter().any(|made| {
        matches!(made, Intent::AddColumn(add) if add.table == required.table && add.column.name == required.column)
    })
}

struct Repair<'a> {
    steps: Vec<(Stage, Intent)>,
    recorded: &'a Schema,
    empty: &'a BTreeSet<Ident>,
}

impl Repair<'_> {
    fn push(&mut self, stage: Stage, intent: Intent) {
        self.steps.push((stage, intent));
    }

    fn create(&mut self, wanted: &Table) {
        let (table, columns) = (wanted.name.clone(), wanted.columns.values().cloned().collect());
        let (primary_key, comment) = (wanted.primary_key.clone(), wanted.comment.clone());
        self.push(Stage::Columns, Intent::CreateTable(CreateTable { table, columns, primary_key, comment }));
        for part in super::part::parts(wanted).keys() {
            if matches!(part, Part::Unique(_) | Part::ForeignKey(_) | Part::Check(_) | Part::Index(_)) {
                self.part(part, wanted, &Table::new(wanted.name.clone()));
            }
        }
    }

    /// A table, and before it what refers to others, so that tables may go in any order.
    fn drop(&mut self, found: &Table) {
        let table = found.name.clone();
        for key in &found.foreign_keys {
            let (table, columns) = (table.clone(), key.columns.clone());
            self.push(Stage::References, Intent::DropForeignKey(DropForeignKey { table, columns }));
        }
        self.push(Stage::Tables, Intent::DropTable(DropTable { table }));
    }

    fn part(&mut self, part: &Part, wanted: &Table, found: &Table) {
        match part {
            Part::Table | Part::Kept(_) => {}
            Part::TableComment => self.comment(wanted, None),
            Part::Comment(column) => self.comment(wanted, Some(column)),
            Part::Column(name) => self.column(name, wanted, found),
            Part::Generated(name) => {
                self.column(name, &Table::new(wanted.name.clone()), found);
                self.column(name, wanted, &Table::new(wanted.name.clone()));
            }
            Part::Type(name) | Part::Nullability(name) | Part::Default(name) => {
                if let (Some(wanted_column), Some(found_column)) = (wanted.column(name), found.column(name)) {
                    if matches!(part, Part::Type(_)) {
                        self.without_computed(name, wanted, found);
                        self.without_values(wanted_column, found);
                    }
                    self.value(part, &wanted.name, wanted_column, found_column);
                }
            }
            Part::PrimaryKey => self.primary_key(wanted, found),
            Part::Unique(columns) => self.unique(columns, wanted, found),
            Part::ForeignKey(columns) => self.foreign_key(columns, wanted, found),
            Part::Check(name) => self.check(name, wanted, found),
            Part::Index(text) => self.index(text, wanted, found),
            Part::Unlogged => {
                let table = wanted.name.clone();
                self.push(Stage::Tables, Intent::SetLogged(SetLogged { table }));
            }
            Part::Stranger(..) => {}
        }
    }

    /// The check of an `Enum` stays when hands give its column another type, and has the name of the one that comes.
    fn without_values(&mut self, wanted: &Column, found: &Table) {
        let name = values_check(&wanted.name);
        let is_its = |check: &Check| check.name == name && check.expression.columns().contains(&wanted.name);
        if wanted.ty.values().is_some() && found.checks.iter().any(is_its) {
            let table = found.name.clone();
            self.push(Stage::Constraints, Intent::DropCheck(DropCheck { table, name }));
        }
    }

    fn comment(&mut self, wanted: &Table, column: Option<&Ident>) {
        let comment = match column {
            None => wanted.comment.clone(),
            Some(column) => wanted.column(column).and_then(|c| c.comment.clone()),
        };
        let table = wanted.name.clone();
        self.push(Stage::Values, Intent::SetComment(SetComment { table, column: column.cloned(), comment }));
    }

    fn column(&mut self, name: &Ident, wanted: &Table, found: &Table) {
        let (table, column) = (wanted.name.clone(), name.clone());
        if found.columns.contains_key(name) {
            self.push(Stage::Columns, Intent::DropColumn(DropColumn { table: table.clone(), column }));
        }
        if let Some(column) = wanted.column(name) {
            let mut column = column.clone();
            let is_given = column.default.is_some() || column.generated.is_some();
            // Rows that are there have no value for it; it is required once they do.
            let needs_value = !is_given && !wanted.primary_key.contains(name) && !self.empty.contains(&table);
            column.nullable |= needs_value;
            let add = AddColumn { table, column, primary_key: false };
            self.push(Stage::Columns, Intent::AddColumn(add));
        }
    }

    /// Takes away what is computed from a column whose type changes, and is called for: it is missing then, and comes back.
    fn without_computed(&mut self, column: &Ident, wanted: &Table, found: &Table) {
        let comes_back =
            |column: &&Column| wanted.column(&column.name).is_some_and(|c| c.generated.is_some());
        for computed in found.computed_from(column).filter(comes_back) {
            let (table, column) = (found.name.clone(), computed.name.clone());
            self.push(Stage::Columns, Intent::DropColumn(DropColumn { table, column }));
        }
    }

    fn value(&mut self, part: &Part, table: &Ident, wanted: &Column, found: &Column) {
        let (table, column) = (table.clone(), wanted.name.clone());
        let intent = match (part, &wanted.default) {
            (Part::Type(_), _) => match (&wanted.ty, &found.ty) {
                (FieldType::Enum { values }, FieldType::Enum { .. })
                    if found.unread.is_none() || found.is_unvalidated() =>
                {
                    Intent::SetValues(SetValues { table, column, values: values.clone() })
                }
                (ty, _) => Intent::ChangeType(ChangeType { table, column, ty: ty.clone(), using: None }),
            },
            (Part::Nullability(_), _) if wanted.nullable => {
                Intent::DropNotNull(DropNotNull { table, column })
            }
            (Part::Nullability(_), _) => Intent::SetNotNull(SetNotNull { table, column }),
            (_, Some(value)) => Intent::SetDefault(SetDefault { table, column, value: value.clone() }),
            (_, None) => Intent::DropDefault(DropDefault { table, column }),
        };
        self.push(Stage::Values, intent);
    }

    fn primary_key(&mut self, wanted: &Table, found: &Table) {
        let table = wanted.name.clone();
        if !found.primary_key.is_empty() {
            self.push(Stage::Constraints, Intent::DropPrimaryKey(DropPrimaryKey { table: table.clone() }));
        } else if let Some(unique) = key_stand_in(wanted, found) {
            let drop = DropUnique { table: table.clone(), columns: unique.columns.clone() };
            self.push(Stage::Constraints, Intent::DropUnique(drop));
        }
        let columns = wanted.primary_key.clone();
        if !columns.is_empty() {
            self.push(Stage::Keys, Intent::AddPrimaryKey(AddPrimaryKey { table, columns }));
        }
    }

    fn unique(&mut self, columns: &[Ident], wanted: &Table, found: &Table) {
        let has = |t: &Table| t.uniques.iter().any(|u| u.columns == columns);
        let (table, on) = (|| wanted.name.clone(), || columns.to_vec());
        if has(found) {
            let drop = DropUnique { table: table(), columns: on() };
            self.push(Stage::Constraints, Intent::DropUnique(drop));
        } else if let Some(index) = stand_in(columns, wanted, self.recorded.table(&wanted.name), found) {
            let drop = DropIndex { table: table(), index: index.shape.clone() };
            self.push(Stage::Constraints, Intent::DropIndex(drop));
        }
        if has(wanted) {
            self.push(Stage::Keys, Intent::AddUnique(AddUnique { table: table(), columns: on() }));
        }
    }

    fn foreign_key(&mut self, columns: &[Ident], wanted: &Table, found: &Table) {
        let table = wanted.name.clone();
        let of = |t: &Table| t.foreign_keys.iter().find(|k| k.columns == columns).cloned();
        let validated = |(there, key): (ForeignKey, ForeignKey)| there.is_unvalidated(&key);
        if of(found).is_some() && !of(found).zip(of(wanted)).is_some_and(validated) {
            let (table, columns) = (table.clone(), columns.to_vec());
            self.push(Stage::References, Intent::DropForeignKey(DropForeignKey { table, columns }));
        }
        if let Some(key) = of(wanted) {
            let (to, on_delete) = (key.table, key.on_delete);
            let add = AddForeignKey { table, columns: key.columns, to, target: key.target, on_delete };
            self.push(Stage::NewReferences, Intent::AddForeignKey(add));
        }
    }

    fn check(&mut self, name: &Ident, wanted: &Table, found: &Table) {
        let (table, name) = (wanted.name.clone(), name.clone());
        let of = |t: &Table| t.checks.iter().find(|c| c.name == name).cloned();
        let validated = |(there, check): (Check, Check)| there.is_unvalidated(&name, &check.expression);
        if of(found).is_some() && !of(found).zip(of(wanted)).is_some_and(validated) {
            let drop = DropCheck { table: table.clone(), name: name.clone() };
            self.push(Stage::Constraints, Intent::DropCheck(drop));
        }
        if let Some(check) = of(wanted) {
            let expression = check.expression;
            self.push(Stage::Keys, Intent::AddCheck(AddCheck { table, name, expression }));
        }
    }

    fn index(&mut self, text: &str, wanted: &Table, found: &Table) {
        let of = |t: &Table| t.indexes.iter().find(|i: &&Index| shape(i) == text).cloned();
        let table = wanted.name.clone();
        if let Some(index) = of(found) {
            let drop = DropIndex { table: table.clone(), index: index.shape };
            self.push(Stage::Constraints, Intent::DropIndex(drop));
        }
        if let Some(index) = of(wanted) {
            self.push(Stage::Keys, Intent::CreateIndex(CreateIndex { table, index: index.shape }));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;

    use super::super::{Scope, World};
    use super::*;
    use crate::metadata::Metadata;
    use crate::model::Model;

    /// A table with a column that is computed from another one.
    fn schema(ty: &str) -> Schema {
        let column = |name: &str, ty: &str| json!({"name": name, "ty": {"type": ty}, "nullable": true});
        let mut twice = column("twice", "Int");
        twice["generated"] = "n * 2".into();
        let mut model = Model::new(Arc::default());
        for intent in [
            json!({"intent": "create-table", "table": "widget", "columns": [column("n", ty)]}),
            json!({"intent": "add-column", "table": "widget", "column": twice}),
            json!({"intent": "add-check", "table": "widget", "name": "widget_n", "expression": "n >= 0"}),
        ] {
            let intent: Intent = serde_json::from_value(intent).expect("an intent");
            intent.apply(&mut model).expect("applied");
        }
        model.schema().clone()
    }

    fn repaired(found: &Schema) -> (Vec<Intent>, Schema) {
        let (wanted, scope) = (schema("Int"), Scope::default());
        let drift = Drift::of(World {
            wanted: &wanted,
            recorded: &wanted,
            found,
            metadata: &Metadata::default(),
            dialect: crate::ddl::Dialect::Postgres,
            ignored: &BTreeSet::new(),
            unfit: &[],
            beyond: &[],
            away: &[],
            identities: &super::super::Identities::default(),
            deleted: &super::super::Deleted::default(),
            strangers: &[],
        });
        let (intents, left) = drift.repair(&scope);
        assert_eq!(left, []);
        let mut model = Model::new(Arc::new(drift.base(&scope)));
        intents.iter().for_each(|intent| intent.apply(&mut model).expect("applied"));
        (intents, model.schema().clone())
    }

    #[test]
    fn what_is_computed_makes_room_for_a_type_and_comes_back() {
        let (intents, schema_now) = repaired(&schema("BigInt"));
        assert_eq!(schema_now, schema("Int"), "{intents:#?}");
    }

    #[test]
    fn a_check_that_is_not_validated_is_validated() {
        let mut found = schema("Int");
        let widget = Ident::parse("widget").expect("a name");
        found.table_mut(&widget).expect("a table").checks[0].besides =
            Some(crate::schema::NOT_VALID.to_owned());
        let (intents, schema_now) = repaired(&found);
        assert!(matches!(intents.as_slice(), [Intent::AddCheck(_)]), "{intents:#?}");
        assert_eq!(schema_now, schema("Int"));
    }
}
