//! The type a column has at one place in a list of intents: as the model has it, or as earlier intents made it.
//!
//! A default can only be read with its column's type. This follows names and types, nothing else; whether an
//! intent may be applied is for the model to say.

use std::collections::BTreeMap;

use hookwright_core::field_type::FieldType;
use hookwright_core::ident::Ident;
use hookwright_core::intent::Intent;
use hookwright_core::schema::Schema;

/// The model's types with what the intents so far made of them.
pub struct Types<'a> {
    schema: &'a Schema,
    touched: BTreeMap<Ident, Touched>,
}

/// A table that an intent was on.
#[derive(Default)]
struct Touched {
    /// Its name in the model; none if an intent made or removed it.
    origin: Option<Ident>,
    columns: BTreeMap<Ident, Place>,
}

/// Where a touched column's type is found.
enum Place {
    Here(FieldType),
    /// Under this name in the model.
    Model(Ident),
    Gone,
}

impl<'a> Types<'a> {
    pub fn new(schema: &'a Schema) -> Self {
        Self { schema, touched: BTreeMap::new() }
    }

    /// The column's type, if there is such a column.
    pub fn of(&self, table: &Ident, column: &Ident) -> Option<&FieldType> {
        let Some(touched) = self.touched.get(table) else { return self.in_model(table, column) };
        match touched.columns.get(column) {
            Some(Place::Here(ty)) => Some(ty),
            Some(Place::Model(name)) => self.in_model(touched.origin.as_ref()?, name),
            Some(Place::Gone) => None,
            None => self.in_model(touched.origin.as_ref()?, column),
        }
    }

    /// Notes what an intent does to types and names.
    pub fn follow(&mut self, intent: &Intent) {
        match intent {
            Intent::CreateTable(i) => {
                let columns = i.columns.iter().map(|c| (c.name.clone(), Place::Here(c.ty.clone()))).collect();
                self.touched.insert(i.table.clone(), Touched { origin: None, columns });
            }
            Intent::DropTable(i) => drop(self.touched.insert(i.table.clone(), Touched::default())),
            Intent::RenameTable(i) => {
                let moved = std::mem::take(self.touch(&i.table));
                self.touched.insert(i.to.clone(), moved);
            }
            Intent::AddColumn(i) => self.set(&i.table, &i.column.name, Place::Here(i.column.ty.clone())),
            Intent::DropColumn(i) => self.set(&i.table, &i.column, Place::Gone),
            Intent::RenameColumn(i) => {
                let unmoved = Place::Model(i.column.clone());
                let place = self.touch(&i.table).columns.remove(&i.column).unwrap_or(unmoved);
                self.set(&i.table, &i.column, Place::Gone);
                self.set(&i.table, &i.to, place);
            }
            Intent::ChangeType(i) => self.set(&i.table, &i.column, Place::Here(i.ty.clone())),
            Intent::SetValues(i) => {
                let ty = FieldType::Enum { values: i.values.clone() };
                self.set(&i.table, &i.column, Place::Here(ty));
            }
            Intent::SetNotNull(_)
            | Intent::DropNotNull(_)
            | Intent::SetDefault(_)
            | Intent::DropDefault(_)
            | Intent::CreateIndex(_)
            | Intent::DropIndex(_)
            | Intent::AddUnique(_)
            | Intent::DropUnique(_)
            | Intent::AddForeignKey(_)
            | Intent::DropForeignKey(_)
            | Intent::AddCheck(_)
            | Intent::DropCheck(_)
            | Intent::SetComment(_)
            | Intent::RestoreTable(_)
            | Intent::AddPrimaryKey(_)
            | Intent::DropPrimaryKey(_)
            | Intent::RenamePrimaryKey(_)
            | Intent::RenameUnique(_)
            | Intent::RenameForeignKey(_)
            | Intent::RenameCheck(_)
            | Intent::RenameIndex(_)
            | Intent::Backfill(_)
            | Intent::PurgeTable(_)
            | Intent::PurgeColumn(_)
            | Intent::SetLogged(_) => {}
            Intent::RestoreColumn(i) => {
                if let Some(ty) = self.buried(&i.table, &i.column) {
                    self.set(&i.table, &i.column, Place::Here(ty));
                }
            }
        }
    }

    fn buried(&self, table: &Ident, column: &Ident) -> Option<FieldType> {
        let buried = self.schema.table(table)?.buried.values().rev().map(|b| &b.column);
        buried.filter(|c| c.name == *column).map(|c| c.ty.clone()).next()
    }

    fn in_model(&self, table: &Ident, column: &Ident) -> Option<&'a FieldType> {
        self.schema.table(table)?.column(column).map(|column| &column.ty)
    }

    fn set(&mut self, table: &Ident, column: &Ident, place: Place) {
        self.touch(table).columns.insert(column.clone(), place);
    }

    fn touch(&mut self, table: &Ident) -> &mut Touched {
        let origin = || Touched { origin: Some(table.clone()), columns: BTreeMap::new() };
        self.touched.entry(table.clone()).or_insert_with(origin)
    }
}

#[cfg(test)]
mod tests {
    use hookwright_core::schema::{Column, Table};

    use super::*;

    fn ident(text: &str) -> Ident {
        Ident::parse(text).expect("a name")
    }

    fn schema() -> Schema {
        let mut table = Table::new(ident("t"));
        let column = Column::new(ident("a"), FieldType::Int);
        table.columns.insert(ident("a"), column);
        let mut schema = Schema::default();
        schema.insert(table);
        schema
    }

    /// The types of `t.a`, `t.b`, `u.a` and `u.b` after intents, given as JSON.
    fn after(intents: &str) -> [Option<&'static str>; 4] {
        let schema = schema();
        let mut types = Types::new(&schema);
        let intents: Vec<Intent> = serde_json::from_str(intents).expect("intents");
        intents.iter().for_each(|intent| types.follow(intent));
        let of = |table, column| types.of(&ident(table), &ident(column)).map(FieldType::name);
        [of("t", "a"), of("t", "b"), of("u", "a"), of("u", "b")]
    }

    #[test]
    fn types_follow_the_intents() {
        assert_eq!(after("[]"), [Some("Int"), None, None, None]);
        let rename = r#"[{"intent":"rename-column","table":"t","column":"a","to":"b"},
            {"intent":"rename-table","table":"t","to":"u"}]"#;
        assert_eq!(after(rename), [None, None, None, Some("Int")]);
        let change = r#"[{"intent":"change-type","table":"t","column":"a","ty":{"type":"Text"}},
            {"intent":"rename-table","table":"t","to":"u"},
            {"intent":"rename-column","table":"u","column":"a","to":"b"}]"#;
        assert_eq!(after(change), [None, None, None, Some("Text")]);
        let anew = r#"[{"intent":"drop-table","table":"t"}, {"intent":"create-table","table":"t"},
            {"intent":"add-column","table":"t","column":{"name":"b","ty":{"type":"Date"},"nullable":true}}]"#;
        assert_eq!(after(anew), [None, Some("Date"), None, None]);
        let gone = r#"[{"intent":"drop-column","table":"t","column":"a"}]"#;
        assert_eq!(after(gone), [None; 4]);
    }
}
