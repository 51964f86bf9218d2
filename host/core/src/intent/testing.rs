//! Small models for the tests of intents, rules and plans.

use super::{AddColumn, AddForeignKey, CreateTable};
use crate::field_type::FieldType;
use crate::ident::Ident;
use crate::model::Model;
use crate::schema::{Column, Schema};
use crate::spec::OnDelete;

pub(crate) fn ident(text: &str) -> Ident {
    Ident::parse(text).expect("a name")
}

pub(crate) fn model() -> Model {
    Model::new(Schema::default().into())
}

pub(crate) fn column(name: &str, ty: FieldType) -> Column {
    Column::new(ident(name), ty)
}

/// A table with the key `id`.
pub(crate) fn create(model: &mut Model, table: &str) {
    let id = Column { nullable: false, ..column("id", FieldType::Text) };
    let create =
        CreateTable { table: ident(table), columns: vec![id], primary_key: vec![ident("id")], comment: None };
    create.apply(model).expect("created");
}

pub(crate) fn add_column(model: &mut Model, table: &str, name: &str) {
    let add = AddColumn { table: ident(table), column: column(name, FieldType::Text), primary_key: false };
    add.apply(model).expect("added");
}

/// A foreign key to the `id` of another table.
pub(crate) fn refer(model: &mut Model, table: &str, name: &str, to: &str) {
    let key = AddForeignKey {
        table: ident(table),
        columns: vec![ident(name)],
        to: ident(to),
        target: vec![ident("id")],
        on_delete: OnDelete::SetNull,
    };
    key.apply(model).expect("added");
}
