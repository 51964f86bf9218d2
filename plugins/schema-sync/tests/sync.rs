//! Every change of an entity or a field, and the law that the way to a field does not matter.
#![allow(clippy::unwrap_used)]
use hookwright_sdk::testing::Harness;
use hookwright_sdk::{
    Column, DefaultValue, EntitySpec, FieldSpec, FieldType, ForeignKey, Intent, OnDelete, Table, intent,
};
use schema_sync::SchemaSync;

fn text(name: &str) -> FieldSpec {
    FieldSpec::new(name, FieldType::Text)
}

fn id() -> FieldSpec {
    FieldSpec::new("id", FieldType::Uuid).primary_key().unique()
}

fn host() -> Harness {
    let mut host = Harness::new::<SchemaSync>();
    host.entity_create(EntitySpec::new("invoice").field(id())).unwrap();
    host
}

fn table(host: &Harness) -> &Table {
    host.model("invoice").unwrap()
}

fn update(old: FieldSpec, new: FieldSpec) -> Vec<Intent> {
    let mut host = host();
    host.field_create("invoice", old.clone()).unwrap();
    host.field_update("invoice", old, new).unwrap()
}

#[test]
fn an_entity_is_a_bare_table_and_then_its_fields() {
    let entity = EntitySpec::new("invoice").comment("Bills").field(id()).field(text("note"));
    let intents = Harness::new::<SchemaSync>().entity_create(entity).unwrap();
    let key = Column::new("id", FieldType::Uuid).not_null();
    let wanted = [
        intent::create_table("invoice").comment("Bills").into(),
        intent::add_key_column("invoice", key),
        intent::add_column("invoice", Column::new("note", FieldType::Text)),
    ];
    assert_eq!(intents, wanted);
}

#[test]
fn an_entitys_name_and_comment_follow() {
    let (old, new) = (EntitySpec::new("invoice"), EntitySpec::new("bill").comment("Bills"));
    let intents = host().entity_update(old, new).unwrap();
    let wanted = [intent::rename_table("invoice", "bill"), intent::comment_table("bill", Some("Bills"))];
    assert_eq!(intents, wanted);
}

#[test]
fn an_entitys_table_goes_only_when_asked() {
    let kept = host().entity_delete(EntitySpec::new("invoice"), false).unwrap();
    assert_eq!(kept, []);
    let gone = host().entity_delete(EntitySpec::new("invoice"), true).unwrap();
    assert_eq!(gone, [intent::drop_table("invoice")]);
    let unknown = host().entity_delete(EntitySpec::new("bill"), true).unwrap();
    assert_eq!(unknown, []);
}

#[test]
fn a_kept_table_is_taken_over() {
    let mut host = host();
    host.field_create("invoice", text("old").not_null()).unwrap();
    host.field_create("invoice", text("note")).unwrap();
    host.entity_delete(EntitySpec::new("invoice"), false).unwrap();
    let again = EntitySpec::new("invoice").field(id()).field(text("note").not_null());
    let intents = host.entity_create(again).unwrap();
    let wanted = [intent::drop_not_null("invoice", "old"), intent::set_not_null("invoice", "note")];
    assert_eq!(intents, wanted);
    assert!(host.log()[0].message.contains("taken over"));
}

#[test]
fn a_field_brings_all_it_has() {
    let field = FieldSpec::new("account", FieldType::values(["a", "b"]))
        .not_null()
        .unique()
        .default("a")
        .comment("Whose")
        .references("account", "id")
        .on_delete(OnDelete::Cascade);
    let intents = host().field_create("invoice", field).unwrap();
    let column =
        Column::new("account", FieldType::values(["a", "b"])).not_null().default("a").comment("Whose");
    let key = ForeignKey::new(["account"], "account", ["id"]).on_delete(OnDelete::Cascade);
    let wanted = [
        intent::add_column("invoice", column),
        intent::add_unique("invoice", ["account"]),
        intent::add_foreign_key("invoice", key),
    ];
    assert_eq!(intents, wanted);
}

#[test]
fn each_attribute_is_changed_alone() {
    let old = text("note");
    let to = |new: FieldSpec| update(text("note"), new);
    assert_eq!(to(old.clone()), []);
    let int = FieldSpec::new("note", FieldType::Int);
    assert_eq!(to(int), [intent::change_type("invoice", "note", FieldType::Int)]);
    let renamed = to(old.clone().named("memo"));
    assert_eq!(renamed, [intent::rename_column("invoice", "note", "memo")]);
    let with_default = to(old.clone().default("-"));
    assert_eq!(with_default, [intent::set_default("invoice", "note", "-")]);
    let required = to(old.clone().not_null());
    assert_eq!(required, [intent::set_not_null("invoice", "note")]);
    let commented = to(old.clone().comment("Said"));
    assert_eq!(commented, [intent::comment_column("invoice", "note", Some("Said"))]);
    assert_eq!(to(old.unique()), [intent::add_unique("invoice", ["note"])]);
}

#[test]
fn each_attribute_is_taken_away_alone() {
    let from = |old: FieldSpec| update(old, text("note"));
    let optional = from(text("note").not_null());
    assert_eq!(optional, [intent::drop_not_null("invoice", "note")]);
    let bare = from(text("note").default("-"));
    assert_eq!(bare, [intent::drop_default("invoice", "note")]);
    assert_eq!(from(text("note").unique()), [intent::drop_unique("invoice", ["note"])]);
    let free = from(text("note").references("account", "id"));
    assert_eq!(free, [intent::drop_foreign_key("invoice", ["note"])]);
    let silent = from(text("note").comment("Said"));
    assert_eq!(silent, [intent::comment_column("invoice", "note", None)]);
}

#[test]
fn a_reference_is_replaced() {
    let old = text("account").references("account", "id");
    let intents = update(old.clone(), old.on_delete(OnDelete::SetNull));
    let key = ForeignKey::new(["account"], "account", ["id"]).on_delete(OnDelete::SetNull);
    let wanted = [intent::drop_foreign_key("invoice", ["account"]), intent::add_foreign_key("invoice", key)];
    assert_eq!(intents, wanted);
}

#[test]
fn values_of_an_enum_are_set() {
    let status = |values: [&str; 2]| FieldSpec::new("status", FieldType::values(values));
    let intents = update(status(["a", "b"]), status(["a", "c"]));
    assert_eq!(intents, [intent::set_values("invoice", "status", ["a", "c"])]);
}

#[test]
fn a_default_steps_aside_for_a_new_type() {
    let old = text("amount").default("none");
    let new = FieldSpec::new("amount", FieldType::Int).default(0);
    let wanted = [
        intent::drop_default("invoice", "amount"),
        intent::change_type("invoice", "amount", FieldType::Int),
        intent::set_default("invoice", "amount", 0),
    ];
    assert_eq!(update(old, new), wanted);
}

#[test]
fn all_at_once_goes_in_order() {
    let old = text("note").unique().default("-").references("a", "id").comment("x");
    let new = FieldSpec::new("memo", FieldType::Int).not_null().references("b", "id");
    let wanted = [
        intent::drop_foreign_key("invoice", ["note"]),
        intent::drop_unique("invoice", ["note"]),
        intent::rename_column("invoice", "note", "memo"),
        intent::drop_default("invoice", "memo"),
        intent::change_type("invoice", "memo", FieldType::Int),
        intent::set_not_null("invoice", "memo"),
        intent::add_foreign_key("invoice", ForeignKey::new(["memo"], "b", ["id"])),
        intent::comment_column("invoice", "memo", None),
    ];
    assert_eq!(update(old, new), wanted);
}

#[test]
fn a_primary_key_is_fixed() {
    let mut host = host();
    host.field_create("invoice", text("note")).unwrap();
    let no = host.field_update("invoice", text("note"), text("note").primary_key());
    assert_eq!(no.unwrap_err().code, "primary-key");
    let no = host.field_update("invoice", id(), FieldSpec::new("id", FieldType::Uuid));
    assert_eq!(no.unwrap_err().code, "primary-key");
}

#[test]
fn a_sole_key_is_unique_by_itself() {
    assert!(table(&host()).uniques.is_empty());
    let mut not_unique = id();
    not_unique.unique = false;
    assert_eq!(host().field_update("invoice", id(), not_unique).unwrap(), []);
}

#[test]
fn a_column_goes_when_asked() {
    let mut host = host();
    let field = text("note").not_null().unique();
    host.field_create("invoice", field.clone()).unwrap();
    let intents = host.field_delete("invoice", field.clone(), true).unwrap();
    assert_eq!(intents, [intent::drop_column("invoice", "note")]);
    assert_eq!(host.field_delete("invoice", field, true).unwrap(), []);
}

#[test]
fn a_kept_column_refuses_nobody() {
    let mut host = host();
    let field = text("note").not_null().unique().default("-").references("account", "id");
    host.field_create("invoice", field.clone()).unwrap();
    let intents = host.field_delete("invoice", field, false).unwrap();
    let wanted = [
        intent::drop_foreign_key("invoice", ["note"]),
        intent::drop_unique("invoice", ["note"]),
        intent::drop_not_null("invoice", "note"),
    ];
    assert_eq!(intents, wanted);
    assert_eq!(host.field_delete("invoice", id(), false).unwrap(), []);
}

/// Fields of one name that differ in every attribute, in all combinations.
fn all_fields() -> Vec<FieldSpec> {
    let types = [FieldType::Text, FieldType::Int, FieldType::values(["a"]), FieldType::values(["a", "b"])];
    let mut all = Vec::new();
    for bits in 0..128 {
        let has = |bit: i32| bits & bit != 0;
        let mut field = FieldSpec::new("x", types[bits as usize & 3].clone());
        field.nullable = has(4);
        field.unique = has(8);
        field.default = has(16).then_some(DefaultValue::Now);
        field.comment = has(32).then(|| "c".to_owned());
        if has(64) {
            field = field.references("account", "id");
        }
        all.push(field);
    }
    all
}

#[test]
fn the_way_to_a_field_does_not_matter() {
    for first in all_fields() {
        for last in all_fields() {
            let mut fresh = host();
            fresh.field_create("invoice", last.clone()).unwrap();
            let mut lived = host();
            lived.field_create("invoice", first.clone()).unwrap();
            let other = first.clone().named("y");
            lived.field_update("invoice", first.clone(), other.clone()).unwrap();
            lived.field_update("invoice", other, last.clone()).unwrap();
            assert_eq!(table(&lived), table(&fresh));
            let mut kept = host();
            kept.field_create("invoice", first.clone()).unwrap();
            kept.field_delete("invoice", first.clone(), false).unwrap();
            kept.field_create("invoice", last.clone()).unwrap();
            assert_eq!(table(&kept), table(&fresh));
        }
    }
}
