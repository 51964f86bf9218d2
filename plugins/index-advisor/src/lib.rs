//! Keeps an index on each field that refers to another table or is marked `indexed`.
//!
//! The host calls it through its hooks, after schema-sync. Touches nothing but the host's model, read-only.
use hookwright_sdk::prelude::*;

/// Creates and drops the index of a field.
#[derive(Debug)]
pub struct IndexAdvisor;

impl Plugin for IndexAdvisor {
    fn field_after(_: &Context, entity: &str, change: &Change<FieldSpec>) -> Result<Vec<Intent>, Rejection> {
        let table = host::table(entity).unwrap_or_else(|| Table::new(entity));
        let was_wanted = change.old_spec().is_some_and(|old| {
            // By now the column has its new name, which is the one in the model's key.
            let name = change.new_spec().map_or(&old.name, |new| &new.name);
            is_wanted(&table, old, name)
        });
        let wanted = change.new_spec().filter(|new| is_wanted(&table, new, &new.name));
        let name = change.new_spec().or(change.old_spec()).map(|spec| &spec.name);
        let Some(name) = name else {
            return Ok(Vec::new());
        };
        let (index, found) = (Index::on([name]), table.index(&[name]));
        Ok(match (was_wanted, wanted) {
            (_, Some(_)) if found.is_none() => vec![intent::create_index(entity, index)],
            (true, None) if found == Some(&index) => vec![intent::drop_index(entity, index)],
            _ => Vec::new(),
        })
    }
}

/// Unique columns and the first of a primary key have an index already.
fn is_wanted(table: &Table, field: &FieldSpec, name: &str) -> bool {
    let leads_key = match table.primary_key.first() {
        Some(first) => first == name,
        None => field.primary_key,
    };
    (field.indexed || field.references.is_some()) && !field.unique && !leads_key
}

export_plugin!(IndexAdvisor);
