//! What a change writes beside its statements, as one script for either database.

use hookwright_core::ddl::Dialect;
use hookwright_core::metadata::StableId;

use super::{Work, held, online, tombstones};
use crate::db::gate::Script;

/// The names of the bookkeeping's tables, which are all that differs between the databases.
struct Names {
    entity: &'static str,
    field: &'static str,
    model: &'static str,
    change: &'static str,
    event: &'static str,
    org: &'static str,
    committed_at: &'static str,
}

const POSTGRES: Names = Names {
    entity: "hookwright.entity",
    field: "hookwright.field",
    model: "hookwright.model",
    change: "hookwright.change",
    event: "hookwright.event",
    org: "hookwright.org",
    committed_at: "to_char(committed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')",
};

const SQLITE: Names = Names {
    entity: "hookwright_entity",
    field: "hookwright_field",
    model: "hookwright_model",
    change: "hookwright_change",
    event: "hookwright_event",
    org: "hookwright_org",
    committed_at: "committed_at",
};

/// Metadata, model, ledger and revision. Its last row holds when the change is committed.
pub(super) fn script(dialect: Dialect, work: &Work<'_>, attempt: &str) -> Script {
    let names = if dialect == Dialect::Postgres { POSTGRES } else { SQLITE };
    let mut script = Script::new(dialect);
    metadata(&mut script, &names, work);
    model(&mut script, &names, work);
    if let Some(approval) = &work.approval {
        held::approved(&mut script, &work.org, &work.change_id, approval.by.as_deref(), attempt);
    }
    if dialect == Dialect::Postgres && (work.approval.is_some() || !work.finish.is_empty()) {
        online::committed(&mut script, &work.org, &work.change_id, &work.finish);
    }
    tombstones::script(&mut script, work);
    ledger(&mut script, &names, work);
    script
}

fn metadata(script: &mut Script, names: &Names, work: &Work<'_>) {
    let org = work.org.as_str();
    delete(script, names.field, org, "id", work.rows.gone_fields.iter().map(StableId::as_str));
    delete(script, names.entity, org, "id", work.rows.gone_entities.iter().map(StableId::as_str));
    if !work.rows.entities.is_empty() {
        script.sql("INSERT INTO ").sql(names.entity).sql(" (org, id, name, spec) VALUES ");
        for (index, row) in work.rows.entities.iter().enumerate() {
            let values = [org, row.id.as_str(), row.name.as_str(), row.spec_json.as_str()];
            script.sql(separator(index)).texts(values).sql(")");
        }
        script.sql(" ON CONFLICT (org, id) DO UPDATE SET name = excluded.name, spec = excluded.spec;\n");
    }
    if !work.rows.fields.is_empty() {
        script
            .sql("INSERT INTO ")
            .sql(names.field)
            .sql(" (org, id, entity_id, name, spec, position) VALUES ");
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
}

fn model(script: &mut Script, names: &Names, work: &Work<'_>) {
    let org = work.org.as_str();
    delete(script, names.model, org, "name", work.gone_tables.iter().map(|t| t.as_str()));
    if work.tables.is_empty() {
        return;
    }
    script.sql("INSERT INTO ").sql(names.model).sql(" (org, name, definition) VALUES ");
    for (index, row) in work.tables.iter().enumerate() {
        let values = [org, row.name.as_str(), row.definition_json.as_str()];
        script.sql(separator(index)).texts(values).sql(")");
    }
    script.sql(" ON CONFLICT (org, name) DO UPDATE SET definition = excluded.definition;\n");
}

fn ledger(script: &mut Script, names: &Names, work: &Work<'_>) {
    let org = work.org.as_str();
    script
        .sql("UPDATE ")
        .sql(names.org)
        .sql(" SET revision = revision + 1 WHERE org = ")
        .text(org)
        .sql(";\n");
    script.sql("INSERT INTO ").sql(names.event).sql(" (org, event_id, change_id, digest, body) VALUES ");
    for (index, event) in work.events.iter().enumerate() {
        let values = [org, &event.id, &work.change_id, &event.digest, &event.body_json];
        script.sql(separator(index)).texts(values).sql(")");
    }
    script.sql(";\nINSERT INTO ").sql(names.change);
    script.sql(" (org, id, status, summary, outcome, undo, actor, correlation_id, revision) VALUES (");
    let texts = [org, &work.change_id, "applied", &work.summary_json, &work.outcome_json, &work.undo_json];
    script.texts(texts).sql(", ");
    script.text_or_null(work.actor.as_deref()).sql(", ").text_or_null(work.correlation_id.as_deref());
    script.sql(", ").integer(work.revision + 1).sql(") RETURNING ").sql(names.committed_at).sql(";\n");
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

fn separator(index: usize) -> &'static str {
    if index == 0 { "(" } else { ", (" }
}
