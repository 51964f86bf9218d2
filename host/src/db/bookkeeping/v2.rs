//! Version 2: held changes with the events they are made of, and the journal of steps that run beside a change's transaction.

/// PostgreSQL. `claim` learns of held changes. `held_` names the held change that is settled or planned anew;
/// an event of any other, or one that is decided already, stops the claim. Without a revision, any will do.
/// `held.attempt` tells which of several hosts that approve one change has made it.
///
/// A staged change is a row of `held` with its consent, its steps are in `step`; `journal` says that there is work left,
/// and who is at it: a lease, since a step may take longer than a connection lives. Each transaction of a step begins
/// with `step_claim`, and each that takes one back with `undo_claim`: they stop a host whose lease another one has
/// taken, and keep others from taking it until they end. `index_claim` stops a change whose index is not there.
/// `detect_after` has the server look into a wait for a lock that early: only then does an autovacuum give way.
///
/// Hosts of version 1 that are still running go on with the claim of five arguments: it lets nothing
/// pass that is held, since they could not settle it.
pub(in crate::db) const POSTGRES: &str = r#"
CREATE TABLE hookwright.held (
    org text NOT NULL, id text NOT NULL,
    status text NOT NULL DEFAULT 'held'
        CHECK (status IN ('held', 'approved', 'rejected', 'staged', 'undoing', 'rolled-back')),
    actor text, sender text, correlation_id text, events json NOT NULL,
    plan_hash text NOT NULL, revision bigint NOT NULL, verdict text NOT NULL,
    summary json NOT NULL, outcome json NOT NULL, created_at timestamptz NOT NULL DEFAULT now(),
    decided_at timestamptz, decided_by text, note text, attempt text, consent json, reasons json,
    PRIMARY KEY (org, id)
);
CREATE INDEX held_open ON hookwright.held (org, id) WHERE status IN ('held', 'staged', 'undoing');
CREATE TABLE hookwright.held_event (
    org text NOT NULL, event_id text NOT NULL, held_id text NOT NULL,
    PRIMARY KEY (org, event_id)
);
CREATE TABLE hookwright.journal (
    org text NOT NULL, change_id text NOT NULL,
    state text NOT NULL CHECK (state IN ('preparing', 'undoing', 'finishing')),
    lease_by text, lease_until timestamptz, created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (org, change_id)
);
CREATE TABLE hookwright.step (
    org text NOT NULL, change_id text NOT NULL, number integer NOT NULL,
    phase text NOT NULL CHECK (phase IN ('prepare', 'finish')), step json NOT NULL,
    state text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'begun', 'done', 'undone')),
    done bigint NOT NULL DEFAULT 0, total bigint NOT NULL DEFAULT 0, pass integer NOT NULL DEFAULT 0,
    filled bigint NOT NULL DEFAULT 0, error text,
    begun_at timestamptz, ended_at timestamptz,
    PRIMARY KEY (org, change_id, number)
);

CREATE FUNCTION hookwright.lease_claim(org_ text, change_ text, host_ text, undoing_ boolean)
RETURNS void LANGUAGE plpgsql VOLATILE AS $function$
BEGIN
    PERFORM FROM hookwright.journal j
        WHERE j.org = org_ AND j.change_id = change_ AND j.lease_by = host_ AND (j.state = 'undoing') = undoing_
        FOR SHARE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'another host goes on with the change' USING ERRCODE = 'HW006';
    END IF;
END
$function$;

CREATE FUNCTION hookwright.step_claim(org_ text, change_ text, number_ integer, host_ text)
RETURNS void LANGUAGE plpgsql VOLATILE AS $function$
BEGIN
    PERFORM hookwright.lease_claim(org_, change_, host_, false);
    PERFORM FROM hookwright.held h WHERE h.org = org_ AND h.id = change_ AND h.status = 'undoing';
    IF FOUND THEN
        RAISE EXCEPTION 'the change is taken back' USING ERRCODE = 'HW009';
    END IF;
    PERFORM FROM hookwright.step s
        WHERE s.org = org_ AND s.change_id = change_ AND s.number = number_ AND s.state IN ('pending', 'begun');
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the step is done already' USING ERRCODE = 'HW007';
    END IF;
END
$function$;

CREATE FUNCTION hookwright.undo_claim(org_ text, change_ text, number_ integer, host_ text)
RETURNS void LANGUAGE plpgsql VOLATILE AS $function$
BEGIN
    PERFORM hookwright.lease_claim(org_, change_, host_, true);
    PERFORM FROM hookwright.step s
        WHERE s.org = org_ AND s.change_id = change_ AND s.number = number_ AND s.state <> 'undone';
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the step is taken back already' USING ERRCODE = 'HW007';
    END IF;
END
$function$;

CREATE FUNCTION hookwright.index_claim(org_ text, index_ text)
RETURNS void LANGUAGE plpgsql VOLATILE AS $function$
BEGIN
    PERFORM FROM pg_catalog.pg_index i
        JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = org_ AND c.relname = index_ AND i.indisvalid;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the index "%" that was built for the change is not there any more, or is not valid', index_
            USING ERRCODE = 'HW008';
    END IF;
END
$function$;

CREATE FUNCTION hookwright.detect_after(ms_ bigint)
RETURNS void LANGUAGE plpgsql VOLATILE AS $function$
BEGIN
    PERFORM pg_catalog.set_config('deadlock_timeout', ms_::text, true);
EXCEPTION WHEN insufficient_privilege THEN
    NULL;
END
$function$;

CREATE FUNCTION hookwright.claim(
    org_ text, key_ bigint, revision_ bigint, attempt_ text, events_ text[], held_ text
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
    SELECT e.held_id INTO change_ FROM hookwright.held_event e
        WHERE e.org = org_ AND e.event_id = ANY (events_) AND e.held_id IS DISTINCT FROM held_ LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'an event belongs to a held change' USING ERRCODE = 'HW005', DETAIL = change_;
    END IF;
    IF held_ IS NOT NULL THEN
        -- Locked, so that it is not given up while it is committed.
        PERFORM FROM hookwright.held h
            WHERE h.org = org_ AND h.id = held_ AND h.status IN ('held', 'staged') FOR UPDATE;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'the held change is decided already' USING ERRCODE = 'HW005', DETAIL = held_;
        END IF;
    END IF;
    SELECT o.revision INTO found_ FROM hookwright.org o WHERE o.org = org_;
    IF revision_ IS NOT NULL AND found_ IS DISTINCT FROM revision_ THEN
        RAISE EXCEPTION 'the organisation is at another revision' USING ERRCODE = 'HW002';
    END IF;
    PERFORM FROM hookwright.fence f WHERE f.org = org_ AND f.attempt = attempt_;
    IF FOUND THEN
        RAISE EXCEPTION 'the attempt was given up' USING ERRCODE = 'HW004';
    END IF;
END
$function$;

CREATE OR REPLACE FUNCTION hookwright.claim(
    org_ text, key_ bigint, revision_ bigint, attempt_ text, events_ text[]
) RETURNS void LANGUAGE sql VOLATILE AS $function$
    SELECT hookwright.claim(org_, key_, revision_, attempt_, events_, NULL)
$function$;

INSERT INTO hookwright.meta (version) VALUES (2);
"#;

/// SQLite: the same tables, without steps beside a transaction: one lock is all it has.
pub(in crate::db) const SQLITE: &str = r"
CREATE TABLE hookwright_held (
    org TEXT NOT NULL, id TEXT NOT NULL,
    status TEXT NOT NULL DEFAULT 'held' CHECK (status IN ('held', 'approved', 'rejected')),
    actor TEXT, sender TEXT, correlation_id TEXT, events TEXT NOT NULL,
    plan_hash TEXT NOT NULL, revision INTEGER NOT NULL, verdict TEXT NOT NULL,
    summary TEXT NOT NULL, outcome TEXT NOT NULL,
    created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    decided_at TEXT, decided_by TEXT, note TEXT, attempt TEXT, PRIMARY KEY (org, id)
);
CREATE INDEX hookwright_held_open ON hookwright_held (org, id) WHERE status IN ('held', 'staged', 'undoing');
CREATE TABLE hookwright_held_event (
    org TEXT NOT NULL, event_id TEXT NOT NULL, held_id TEXT NOT NULL, PRIMARY KEY (org, event_id)
) WITHOUT ROWID;
INSERT INTO hookwright_meta (version) VALUES (2);
";
