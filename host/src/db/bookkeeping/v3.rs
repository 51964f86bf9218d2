//! Version 3: the journal of steps that run beside a change's transaction, and changes that are staged meanwhile.

/// PostgreSQL. A staged change is a row of `held` with its consent, its steps are in `step`; `journal` says that there
/// is work left, and who is at it: a lease, since a step may take longer than a connection lives. `step_claim` begins
/// each transaction of a step: it stops a host whose lease another one has taken.
pub(in crate::db) const POSTGRES: &str = r"
ALTER TABLE hookwright.held ADD COLUMN consent json;
ALTER TABLE hookwright.held DROP CONSTRAINT held_status_check;
ALTER TABLE hookwright.held ADD CONSTRAINT held_status_check
    CHECK (status IN ('held', 'approved', 'rejected', 'staged', 'rolled-back'));
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

CREATE FUNCTION hookwright.step_claim(org_ text, change_ text, number_ integer, host_ text)
RETURNS void LANGUAGE plpgsql VOLATILE AS $function$
BEGIN
    PERFORM FROM hookwright.journal j
        WHERE j.org = org_ AND j.change_id = change_ AND j.lease_by = host_ FOR SHARE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'another host goes on with the change' USING ERRCODE = 'HW006';
    END IF;
    PERFORM FROM hookwright.step s
        WHERE s.org = org_ AND s.change_id = change_ AND s.number = number_ AND s.state IN ('pending', 'begun');
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the step is done already' USING ERRCODE = 'HW007';
    END IF;
END
$function$;

CREATE OR REPLACE FUNCTION hookwright.claim(
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
        PERFORM FROM hookwright.held h WHERE h.org = org_ AND h.id = held_ AND h.status IN ('held', 'staged');
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

INSERT INTO hookwright.meta (version) VALUES (3);
";

/// SQLite has no steps beside a transaction: one lock is all it has.
pub(in crate::db) const SQLITE: &str = "INSERT INTO hookwright_meta (version) VALUES (3);";
