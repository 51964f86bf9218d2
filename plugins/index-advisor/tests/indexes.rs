//! Indexes beside schema-sync, and the law that the way to a field does not matter.
#![allow(clippy::unwrap_used)]
use hookwright_sdk::testing::Harness;
use hookwright_sdk::{EntitySpec, FieldSpec, FieldType, Index, Table, intent};
use index_advisor::IndexAdvisor;
use schema_sync::SchemaSync;

fn both() -> Harness {
    let mut host = Harness::new::<SchemaSync>().then::<IndexAdvisor>();
    let id = FieldSpec::new("id", FieldType::Uuid).primary_key().indexed();
    host.entity_create(EntitySpec::new("invoice").field(id)).unwrap();
    host
}

fn plain(name: &str) -> FieldSpec {
    FieldSpec::new(name, FieldType::Uuid)
}

fn table(host: &Harness) -> &Table {
    host.model("invoice").unwrap()
}

#[test]
fn references_and_indexed_fields_get_an_index() {
    let mut host = both();
    host.field_create("invoice", plain("account").references("account", "id")).unwrap();
    host.field_create("invoice", plain("day").indexed()).unwrap();
    host.field_create("invoice", plain("note")).unwrap();
    assert_eq!(table(&host).indexes, [Index::on(["account"]), Index::on(["day"])]);
}

#[test]
fn unique_and_key_fields_have_one_already() {
    let mut host = both();
    host.field_create("invoice", plain("number").unique().indexed()).unwrap();
    assert_eq!(table(&host).indexes, []);
}

#[test]
fn a_second_key_column_needs_its_own() {
    let mut host = Harness::new::<SchemaSync>().then::<IndexAdvisor>();
    let key = |name| plain(name).primary_key().indexed();
    let link = EntitySpec::new("invoice").field(key("a")).field(key("b"));
    host.entity_create(link).unwrap();
    assert_eq!(table(&host).indexes, [Index::on(["b"])]);
}

#[test]
fn an_index_that_exists_is_not_asked_for() {
    let mut there = Table::new("invoice").with(plain("day").column());
    there.indexes.push(Index::on(["day"]));
    let mut host = Harness::new::<IndexAdvisor>().table(there);
    let update = host.field_update("invoice", plain("day"), plain("day").indexed());
    assert_eq!(update.unwrap(), []);
}

#[test]
fn an_index_that_is_not_there_is_not_dropped() {
    let there = Table::new("invoice").with(plain("day").column());
    let mut host = Harness::new::<IndexAdvisor>().table(there);
    let update = host.field_update("invoice", plain("day").indexed(), plain("day"));
    assert_eq!(update.unwrap(), []);
}

#[test]
fn a_rename_asks_for_nothing() {
    let mut host = both();
    host.field_create("invoice", plain("day").indexed()).unwrap();
    let update = host.field_update("invoice", plain("day").indexed(), plain("date").indexed());
    assert_eq!(update.unwrap(), [intent::rename_column("invoice", "day", "date")]);
    assert_eq!(table(&host).indexes, [Index::on(["date"])]);
}

#[test]
fn a_rename_that_also_ends_the_wish_drops_it() {
    let mut host = both();
    host.field_create("invoice", plain("day").indexed()).unwrap();
    host.field_update("invoice", plain("day").indexed(), plain("date")).unwrap();
    assert_eq!(table(&host).indexes, []);
}

#[test]
fn a_kept_column_loses_its_index_and_gets_it_back() {
    let mut host = both();
    host.field_create("invoice", plain("day").indexed()).unwrap();
    host.field_delete("invoice", plain("day").indexed(), false).unwrap();
    assert_eq!(table(&host).indexes, []);
    host.field_create("invoice", plain("day").indexed()).unwrap();
    assert_eq!(table(&host).indexes, [Index::on(["day"])]);
    host.field_delete("invoice", plain("day").indexed(), true).unwrap();
    assert_eq!(table(&host).indexes, []);
}

/// Every field that differs in name or in what indexes depend on.
fn all_fields() -> Vec<FieldSpec> {
    let mut all = Vec::new();
    for bits in 0..16 {
        let has = |bit: i32| bits & bit != 0;
        let mut field = plain(if has(1) { "day" } else { "date" });
        field.indexed = has(2);
        field.unique = has(4);
        if has(8) {
            field = field.references("account", "id");
        }
        all.push(field);
    }
    all
}

#[test]
fn the_way_to_a_field_does_not_matter() {
    for first in all_fields() {
        for second in all_fields() {
            for last in all_fields() {
                let mut lived = both();
                lived.field_create("invoice", first.clone()).unwrap();
                lived.field_update("invoice", first.clone(), second.clone()).unwrap();
                lived.field_update("invoice", second.clone(), last.clone()).unwrap();
                let mut fresh = both();
                fresh.field_create("invoice", last).unwrap();
                assert_eq!(table(&lived), table(&fresh));
            }
        }
    }
}
