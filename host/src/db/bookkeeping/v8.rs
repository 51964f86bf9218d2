//! Version 8: the record knows what a table and its columns are, whatever hands call them.

/// PostgreSQL. Beside what a table shall be, `model` notes what it is: the number of the relation, and the names of its
/// columns by their numbers, none of which a rename changes; of somebody's columns nothing is noted. `home` is the number that `model` itself had then: where a
/// dump was restored, all have other numbers, and what was noted says nothing.
///
/// `own` finds that hands gave a table or column of a change another name, or that name to another, and notes for `record` the columns that the
/// change leaves as hands called them: they stay what they were, as long as there is to be a column of their name.
pub(in crate::db) const POSTGRES: &str = r#"
ALTER TABLE hookwright.model ADD COLUMN relation oid, ADD COLUMN home oid, ADD COLUMN columns text[];
CREATE INDEX model_relation ON hookwright.model (org, relation);

CREATE FUNCTION hookwright.own(org_ text, tables_ name[], marks_ name[], recorded_ boolean)
RETURNS void LANGUAGE plpgsql VOLATILE AS $function$
DECLARE
    of_ text;
    column_ text;
    now_ text;
    drifted_ json;
BEGIN
    PERFORM hookwright.own(org_, tables_, marks_);
    IF recorded_ THEN
        SELECT m.name, CASE WHEN n.nspname = m.org THEN c.relname::text ELSE concat(n.nspname, '.', c.relname) END
            INTO of_, now_ FROM unnest(tables_, marks_) AS own (name, mark)
            JOIN hookwright.model m ON m.org = org_ AND m.name = own.name::text
                AND m.home = 'hookwright.model'::pg_catalog.regclass
            JOIN pg_catalog.pg_class c ON c.oid = m.relation
            JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
            WHERE CASE WHEN n.nspname = m.org THEN c.relname <> m.name ELSE NOT EXISTS (
                -- A schema was renamed and restored beside it: the table in place has all that the one had.
                SELECT FROM pg_catalog.pg_class there
                JOIN pg_catalog.pg_namespace s ON s.oid = there.relnamespace AND s.nspname = org_::name
                WHERE there.relname = own.name AND there.relkind = 'r' AND (own.mark IS NULL OR EXISTS (
                    SELECT FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
                    WHERE i.indrelid = there.oid AND x.relname = own.mark
                )) AND NOT EXISTS (
                    SELECT FROM unnest(m.columns) AS was (name) WHERE was.name IS NOT NULL AND NOT EXISTS (
                        SELECT FROM pg_catalog.pg_attribute a WHERE a.attrelid = there.oid AND a.attname = was.name::name
                    )
                )
            ) END LIMIT 1;
        IF FOUND THEN
            RAISE EXCEPTION 'a table has another name' USING ERRCODE = 'HW011', TABLE = of_, DETAIL = now_;
        END IF;
        -- The one that had the name is gone, and another has it.
        SELECT m.name, c.relname INTO of_, now_ FROM unnest(tables_) AS own (name)
            JOIN pg_catalog.pg_namespace n ON n.nspname = org_::name
            JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = own.name AND c.relkind = 'r'
            JOIN hookwright.model m ON m.org = org_ AND m.relation = c.oid AND m.name <> own.name::text
                AND m.home = 'hookwright.model'::pg_catalog.regclass
            LIMIT 1;
        IF FOUND THEN
            RAISE EXCEPTION 'a table has another name' USING ERRCODE = 'HW011', TABLE = of_, DETAIL = now_;
        END IF;
    END IF;
    SELECT pg_catalog.json_object_agg(concat(m.relation, ':', u.number, ':', a.attname), u.name) INTO drifted_
        FROM hookwright.model m
        CROSS JOIN LATERAL unnest(m.columns) WITH ORDINALITY AS u (name, number)
        JOIN pg_catalog.pg_attribute a ON a.attrelid = m.relation AND a.attnum = u.number AND NOT a.attisdropped
        WHERE m.org = org_ AND m.name = ANY(tables_::text[]) AND m.home = 'hookwright.model'::pg_catalog.regclass
            AND a.attname <> u.name
        HAVING count(*) > 0;
    IF drifted_ IS NULL THEN
        RETURN;
    END IF;
    -- What has the name of one of the model's columns is another, or was another.
    SELECT m.name, u.name, a.attname INTO of_, column_, now_ FROM hookwright.model m
        CROSS JOIN LATERAL unnest(m.columns) WITH ORDINALITY AS u (name, number)
        JOIN pg_catalog.pg_attribute a ON a.attrelid = m.relation AND a.attnum = u.number AND NOT a.attisdropped
        WHERE m.org = org_ AND m.name = ANY(tables_::text[]) AND m.home = 'hookwright.model'::pg_catalog.regclass
            AND m.relation = to_regclass(format('%I.%I', org_, m.name)) AND a.attname <> u.name
            AND (a.attname = ANY(m.columns) OR EXISTS (SELECT FROM pg_catalog.pg_attribute other
                WHERE other.attrelid = m.relation AND other.attname = u.name AND NOT other.attisdropped)) LIMIT 1;
    IF FOUND AND recorded_ THEN
        RAISE EXCEPTION 'a column has another name' USING ERRCODE = 'HW012', TABLE = of_, COLUMN = column_, DETAIL = now_;
    END IF;
    PERFORM pg_catalog.set_config('hookwright.drifted', drifted_::text, true);
END
$function$;

CREATE OR REPLACE FUNCTION hookwright.record(
    org_ text, change_ text, revision_ bigint,
    entity_ids_ text[], entity_names_ text[], entity_specs_ text[],
    field_ids_ text[], field_entities_ text[], field_names_ text[], field_specs_ text[], field_positions_ bigint[],
    tables_ text[], definitions_ text[],
    event_ids_ text[], digests_ text[], bodies_ text[],
    summary_ text, outcome_ text, undo_ text, actor_ text, correlation_ text
) RETURNS text LANGUAGE plpgsql VOLATILE AS $function$
DECLARE
    committed_ text;
    drifted_ json;
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
        drifted_ := nullif(pg_catalog.current_setting('hookwright.drifted', true), '');
        INSERT INTO hookwright.model (org, name, definition, relation, home, columns)
            SELECT org_, t.name, t.definition, c.oid, 'hookwright.model'::pg_catalog.regclass, (
                WITH own (name) AS MATERIALIZED (
                    SELECT json_object_keys(t.definition -> 'columns') UNION ALL SELECT json_object_keys(t.definition -> 'buried')
                ), was (number, name) AS MATERIALIZED (
                    SELECT a.attnum, own.name FROM pg_catalog.pg_attribute a
                    JOIN own ON own.name = drifted_ ->> concat(c.oid, ':', a.attnum, ':', a.attname)
                    WHERE drifted_ IS NOT NULL AND a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
                )
                SELECT pg_catalog.array_agg(coalesce(was.name, own.name) ORDER BY a.attnum) FROM pg_catalog.pg_attribute a
                LEFT JOIN was ON was.number = a.attnum
                LEFT JOIN own ON own.name = a.attname AND NOT EXISTS (SELECT FROM was other WHERE other.name = own.name)
                WHERE a.attrelid = c.oid AND a.attnum > 0
            )
            FROM unnest(tables_, definitions_::json[]) AS t (name, definition)
            LEFT JOIN (
                pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace AND n.nspname = org_::name
            ) ON c.relname = t.name::name AND c.relkind = 'r'
            ON CONFLICT (org, name) DO UPDATE SET definition = excluded.definition,
                relation = excluded.relation, home = excluded.home, columns = excluded.columns;
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
INSERT INTO hookwright.meta (version) VALUES (8);
"#;

/// SQLite has no such numbers: names and the order of columns tell there.
pub(in crate::db) const SQLITE: &str = "INSERT INTO hookwright_meta (version) VALUES (8);";
