//! Version 5: what a change writes beside its statements is one call, whose plans a session keeps.

/// PostgreSQL. Sent as statements, each would be parsed and planned anew for each change, which takes longer than
/// most changes do. Arrays of one kind of row have an element for each. Gives the time of the commit.
pub(in crate::db) const POSTGRES: &str = r#"
CREATE FUNCTION hookwright.record(
    org_ text, change_ text, revision_ bigint,
    entity_ids_ text[], entity_names_ text[], entity_specs_ text[],
    field_ids_ text[], field_entities_ text[], field_names_ text[], field_specs_ text[], field_positions_ bigint[],
    tables_ text[], definitions_ text[],
    event_ids_ text[], digests_ text[], bodies_ text[],
    summary_ text, outcome_ text, undo_ text, actor_ text, correlation_ text
) RETURNS text LANGUAGE plpgsql VOLATILE AS $function$
DECLARE
    committed_ text;
BEGIN
    IF cardinality(entity_ids_) > 0 THEN
        INSERT INTO hookwright.entity (org, id, name, spec)
            SELECT org_, e.id, e.name, e.spec::json FROM unnest(entity_ids_, entity_names_, entity_specs_) AS e (id, name, spec)
            ON CONFLICT (org, id) DO UPDATE SET name = excluded.name, spec = excluded.spec;
    END IF;
    IF cardinality(field_ids_) > 0 THEN
        INSERT INTO hookwright.field (org, id, entity_id, name, spec, position)
            SELECT org_, f.id, f.entity, f.name, f.spec::json, f.position
            FROM unnest(field_ids_, field_entities_, field_names_, field_specs_, field_positions_)
                AS f (id, entity, name, spec, position)
            ON CONFLICT (org, id) DO UPDATE SET entity_id = excluded.entity_id, name = excluded.name,
                spec = excluded.spec, position = excluded.position;
    END IF;
    IF cardinality(tables_) > 0 THEN
        INSERT INTO hookwright.model (org, name, definition)
            SELECT org_, t.name, t.definition::json FROM unnest(tables_, definitions_) AS t (name, definition)
            ON CONFLICT (org, name) DO UPDATE SET definition = excluded.definition;
    END IF;
    UPDATE hookwright.org SET revision = revision + 1 WHERE org = org_;
    INSERT INTO hookwright.event (org, event_id, change_id, digest, body)
        SELECT org_, e.id, change_, e.digest, e.body::json FROM unnest(event_ids_, digests_, bodies_) AS e (id, digest, body);
    INSERT INTO hookwright.change (org, id, status, summary, outcome, undo, actor, correlation_id, revision)
        VALUES (org_, change_, 'applied', summary_::json, outcome_::json, undo_::json, actor_, correlation_, revision_)
        RETURNING to_char(committed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') INTO committed_;
    RETURN committed_;
END
$function$;
INSERT INTO hookwright.meta (version) VALUES (5);
"#;

/// SQLite has no functions of its own; its statements are compiled within the host.
pub(in crate::db) const SQLITE: &str = "INSERT INTO hookwright_meta (version) VALUES (5);";
