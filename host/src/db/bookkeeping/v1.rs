//! Version 1: organisations, metadata, model, ledger.

/// PostgreSQL: the schema `hookwright`, one for all organisations of the database.
///
/// `claim` is the one call that begins each change: lock, idempotency, revision and
/// fence in one round trip. `settle` answers what became of an attempt whose connection
/// broke; if nothing did, it fences the attempt, so that a batch of it that is
/// still on its way can do nothing any more.
pub(in crate::db) const POSTGRES: &str = r"
CREATE SCHEMA IF NOT EXISTS hookwright;
CREATE TABLE hookwright.meta (version bigint NOT NULL);
CREATE TABLE hookwright.org (
    org text PRIMARY KEY,
    revision bigint NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE hookwright.entity (
    org text NOT NULL, id text NOT NULL, name text NOT NULL, spec json NOT NULL,
    PRIMARY KEY (org, id)
);
CREATE TABLE hookwright.field (
    org text NOT NULL, id text NOT NULL, entity_id text NOT NULL, position integer NOT NULL,
    name text NOT NULL, spec json NOT NULL,
    PRIMARY KEY (org, id)
);
CREATE INDEX field_entity ON hookwright.field (org, entity_id, position);
CREATE TABLE hookwright.model (
    org text NOT NULL, name text NOT NULL, definition json NOT NULL,
    PRIMARY KEY (org, name)
);
CREATE TABLE hookwright.change (
    org text NOT NULL, id text NOT NULL, revision bigint NOT NULL, status text NOT NULL,
    actor text, correlation_id text, committed_at timestamptz NOT NULL DEFAULT now(),
    summary json NOT NULL, outcome json NOT NULL,
    PRIMARY KEY (org, id)
);
CREATE UNIQUE INDEX change_revision ON hookwright.change (org, revision);
CREATE TABLE hookwright.event (
    org text NOT NULL, event_id text NOT NULL, change_id text NOT NULL, digest text NOT NULL, body json NOT NULL,
    PRIMARY KEY (org, event_id)
);
CREATE TABLE hookwright.fence (
    org text NOT NULL, attempt text NOT NULL, at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (org, attempt)
);

CREATE FUNCTION hookwright.claim(
    org_ text, key_ bigint, revision_ bigint, attempt_ text, events_ text[]
) RETURNS void LANGUAGE plpgsql VOLATILE AS $function$
DECLARE
    found_ bigint;
    change_ text;
BEGIN
    IF NOT pg_catalog.pg_try_advisory_xact_lock(key_) THEN
        RAISE EXCEPTION 'another change of the organisation is being made' USING ERRCODE = 'HW001';
    END IF;
    SELECT e.change_id INTO change_ FROM hookwright.event e WHERE e.org = org_ AND e.event_id = ANY (events_) LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'an event is in the ledger already' USING ERRCODE = 'HW003', DETAIL = change_;
    END IF;
    SELECT o.revision INTO found_ FROM hookwright.org o WHERE o.org = org_;
    IF found_ IS DISTINCT FROM revision_ THEN
        RAISE EXCEPTION 'the organisation is at another revision' USING ERRCODE = 'HW002';
    END IF;
    PERFORM FROM hookwright.fence f WHERE f.org = org_ AND f.attempt = attempt_;
    IF FOUND THEN
        RAISE EXCEPTION 'the attempt was given up' USING ERRCODE = 'HW004';
    END IF;
END
$function$;

CREATE FUNCTION hookwright.settle(
    org_ text, key_ bigint, attempt_ text, events_ text[]
) RETURNS text LANGUAGE plpgsql VOLATILE AS $function$
DECLARE
    change_ text;
BEGIN
    IF NOT pg_catalog.pg_try_advisory_xact_lock(key_) THEN
        RAISE EXCEPTION 'another change of the organisation is being made' USING ERRCODE = 'HW001';
    END IF;
    SELECT e.change_id INTO change_ FROM hookwright.event e WHERE e.org = org_ AND e.event_id = ANY (events_) LIMIT 1;
    IF FOUND THEN
        RETURN change_;
    END IF;
    DELETE FROM hookwright.fence f WHERE f.org = org_ AND f.at < pg_catalog.now() - interval '1 day';
    INSERT INTO hookwright.fence (org, attempt) VALUES (org_, attempt_) ON CONFLICT DO NOTHING;
    RETURN NULL;
END
$function$;

INSERT INTO hookwright.meta (version) VALUES (1);
";

/// SQLite: the same tables in the organisation's own file. The file's write lock is the claim.
pub(in crate::db) const SQLITE: &str = r"
CREATE TABLE hookwright_meta (version INTEGER NOT NULL);
CREATE TABLE hookwright_org (
    org TEXT PRIMARY KEY NOT NULL, revision INTEGER NOT NULL,
    created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
);
CREATE TABLE hookwright_entity (
    org TEXT NOT NULL, id TEXT NOT NULL, name TEXT NOT NULL, spec TEXT NOT NULL, PRIMARY KEY (org, id)
) WITHOUT ROWID;
CREATE TABLE hookwright_field (
    org TEXT NOT NULL, id TEXT NOT NULL, entity_id TEXT NOT NULL, position INTEGER NOT NULL,
    name TEXT NOT NULL, spec TEXT NOT NULL, PRIMARY KEY (org, id)
) WITHOUT ROWID;
CREATE INDEX hookwright_field_entity ON hookwright_field (org, entity_id, position);
CREATE TABLE hookwright_model (
    org TEXT NOT NULL, name TEXT NOT NULL, definition TEXT NOT NULL, PRIMARY KEY (org, name)
) WITHOUT ROWID;
CREATE TABLE hookwright_change (
    org TEXT NOT NULL, id TEXT NOT NULL, revision INTEGER NOT NULL, status TEXT NOT NULL,
    actor TEXT, correlation_id TEXT,
    committed_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    summary TEXT NOT NULL, outcome TEXT NOT NULL, PRIMARY KEY (org, id)
);
CREATE UNIQUE INDEX hookwright_change_revision ON hookwright_change (org, revision);
CREATE TABLE hookwright_event (
    org TEXT NOT NULL, event_id TEXT NOT NULL, change_id TEXT NOT NULL, digest TEXT NOT NULL,
    body TEXT NOT NULL, PRIMARY KEY (org, event_id)
) WITHOUT ROWID;
INSERT INTO hookwright_meta (version) VALUES (1);
";
