//! What a change writes beside its statements: metadata, model, ledger and revision. Rows that go are deleted by statements
//! on either database; the others are one call on PostgreSQL (`hookwright.record`), and statements on SQLite.

use hookwright_core::ddl::Dialect;
use hookwright_core::metadata::StableId;

use super::{Work, held, online, tombstones};
use crate::db::gate::Script;

/// The script. Its last row holds when the change is committed.
pub(super) fn script(dialect: Dialect, work: &Work<'_>, attempt: &str) -> Script {
    let mut script = Script::new(dialect);
    gone(&mut script, dialect, work);
    if dialect == Dialect::Sqlite {
        sqlite_rows(&mut script, work);
    }
    if let Some(approval) = &work.approval {
        held::approved(&mut script, &work.org, &work.change_id, approval.by.as_deref(), attempt);
    }
    if dialect == Dialect::Postgres && (work.approval.is_some() || !work.finish.is_empty()) {
        online::committed(&mut script, &work.org, &work.change_id, &work.finish);
    }
    tombstones::script(&mut script, work);
    match dialect {
        Dialect::Postgres => record(&mut script, work),
        Dialect::Sqlite => sqlite_ledger(&mut script, work),
    }
    script
}

fn gone(script: &mut Script, dialect: Dialect, work: &Work<'_>) {
    let [entity, field, model] = match dialect {
        Dialect::Postgres => ["hookwright.entity", "hookwright.field", "hookwright.model"],
        Dialect::Sqlite => ["hookwright_entity", "hookwright_field", "hookwright_model"],
    };
    let org = work.org.as_str();
    delete(script, field, org, "id", work.rows.gone_fields.iter().map(StableId::as_str));
    delete(script, entity, org, "id", work.rows.gone_entities.iter().map(StableId::as_str));
    delete(script, model, org, "name", work.gone_tables.iter().map(|t| t.as_str()));
}

fn delete<'a>(
    script: &mut Script,
    table: &'static str,
    org: &str,
    column: &'static str,
    keys: impl Iterator<Item = &'a str>,
) {
    let keys: Vec<_> = keys.collect();
    if !keys.is_empty() {
        script.sql("DELETE FROM ").sql(table).sql(" WHERE org = ").text(org).sql(" AND ").sql(column);
        script.sql(" IN (").texts(keys).sql(");\n");
    }
}

/// The call, with its arguments in the order of the function's.
fn record(script: &mut Script, work: &Work<'_>) {
    let (entities, fields, events) = (&work.rows.entities, &work.rows.fields, &work.events);
    script.sql("SELECT hookwright.record(").text(work.org.as_str()).sql(", ").text(&work.change_id);
    script.sql(", ").integer(work.revision + 1);
    array(script, entities.iter().map(|row| row.id.as_str()));
    array(script, entities.iter().map(|row| row.name.as_str()));
    array(script, entities.iter().map(|row| row.spec_json.as_str()));
    array(script, fields.iter().map(|row| row.id.as_str()));
    array(script, fields.iter().map(|row| row.entity.as_str()));
    array(script, fields.iter().map(|row| row.name.as_str()));
    array(script, fields.iter().map(|row| row.spec_json.as_str()));
    script.sql(", ARRAY[");
    for (index, row) in fields.iter().enumerate() {
        script.sql(if index > 0 { ", " } else { "" }).integer(row.position);
    }
    script.sql("]::pg_catalog.int8[]");
    array(script, work.tables.iter().map(|row| row.name.as_str()));
    array(script, work.tables.iter().map(|row| row.definition_json.as_str()));
    array(script, events.iter().map(|event| event.id.as_str()));
    array(script, events.iter().map(|event| event.digest.as_str()));
    array(script, events.iter().map(|event| event.body_json.as_str()));
    script.sql(",\n").texts([work.summary_json.as_str(), &work.outcome_json, &work.undo_json]).sql(", ");
    script.text_or_null(work.actor.as_deref()).sql(", ").text_or_null(work.correlation_id.as_deref());
    script.sql(");\n");
}

fn array<'a>(script: &mut Script, texts: impl Iterator<Item = &'a str>) {
    script.sql(",\nARRAY[").texts(texts).sql("]::pg_catalog.text[]");
}

fn sqlite_rows(script: &mut Script, work: &Work<'_>) {
    let org = work.org.as_str();
    if !work.rows.entities.is_empty() {
        script.sql("INSERT INTO hookwright_entity (org, id, name, spec) VALUES ");
        for (index, row) in work.rows.entities.iter().enumerate() {
            let values = [org, row.id.as_str(), row.name.as_str(), row.spec_json.as_str()];
            script.sql(separator(index)).texts(values).sql(")");
        }
        script.sql(" ON CONFLICT (org, id) DO UPDATE SET name = excluded.name, spec = excluded.spec;\n");
    }
    if !work.rows.fields.is_empty() {
        script.sql("INSERT INTO hookwright_field (org, id, entity_id, name, spec, position) VALUES ");
        for (index, row) in work.rows.fields.iter().enumerate() {
            let values =
                [org, row.id.as_str(), row.entity.as_str(), row.name.as_str(), row.spec_json.as_str()];
            script.sql(separator(index)).texts(values).sql(", ").integer(row.position).sql(")");
        }
        script.sql(
            " ON CONFLICT (org, id) DO UPDATE SET entity_id = excluded.entity_id, name = excluded.name, ",
        );
        script.sql("spec = excluded.spec, position = excluded.position;\n");
    }
    if !work.tables.is_empty() {
        script.sql("INSERT INTO hookwright_model (org, name, definition) VALUES ");
        for (index, row) in work.tables.iter().enumerate() {
            let values = [org, row.name.as_str(), row.definition_json.as_str()];
            script.sql(separator(index)).texts(values).sql(")");
        }
        script.sql(" ON CONFLICT (org, name) DO UPDATE SET definition = excluded.definition;\n");
    }
}

fn sqlite_ledger(script: &mut Script, work: &Work<'_>) {
    let org = work.org.as_str();
    script
        .sql("UPDATE hookwright_org SET revision = revision + 1, claimed = 0 WHERE org = ")
        .text(org)
        .sql(";\n");
    script.sql("INSERT INTO hookwright_event (org, event_id, change_id, digest, body) VALUES ");
    for (index, event) in work.events.iter().enumerate() {
        let values = [org, &event.id, &work.change_id, &event.digest, &event.body_json];
        script.sql(separator(index)).texts(values).sql(")");
    }
    script.sql(";\nINSERT INTO hookwright_change");
    script.sql(" (org, id, status, summary, outcome, undo, actor, correlation_id, revision) VALUES (");
    let texts = [org, &work.change_id, "applied", &work.summary_json, &work.outcome_json, &work.undo_json];
    script.texts(texts).sql(", ");
    script.text_or_null(work.actor.as_deref()).sql(", ").text_or_null(work.correlation_id.as_deref());
    script.sql(", ").integer(work.revision + 1).sql(") RETURNING committed_at;\n");
}

fn separator(index: usize) -> &'static str {
    if index == 0 { "(" } else { ", (" }
}
