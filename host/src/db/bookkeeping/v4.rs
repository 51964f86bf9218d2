//! Version 4: a claim looks its events up one by one, by their keys.

/// PostgreSQL. Asked for any one of several events of an organisation, the planner may go through all events of all: it
/// expects to meet one soon, while usually there is none.
pub(in crate::db) const POSTGRES: &str = r"
CREATE OR REPLACE FUNCTION hookwright.claim(
    org_ text, key_ bigint, revision_ bigint, attempt_ text, events_ text[], held_ text
) RETURNS void LANGUAGE plpgsql VOLATILE AS $function$
DECLARE
    found_ bigint;
    change_ text;
    event_ text;
BEGIN
    IF NOT pg_catalog.pg_try_advisory_xact_lock(key_) THEN
        RAISE EXCEPTION 'another change of the organisation is being made' USING ERRCODE = 'HW001';
    END IF;
    FOREACH event_ IN ARRAY events_ LOOP
        SELECT e.change_id INTO change_ FROM hookwright.event e WHERE e.org = org_ AND e.event_id = event_;
        IF FOUND THEN
            RAISE EXCEPTION 'an event is in the ledger already' USING ERRCODE = 'HW003', DETAIL = change_;
        END IF;
    END LOOP;
    FOREACH event_ IN ARRAY events_ LOOP
        SELECT e.held_id INTO change_ FROM hookwright.held_event e
            WHERE e.org = org_ AND e.event_id = event_ AND e.held_id IS DISTINCT FROM held_;
        IF FOUND THEN
            RAISE EXCEPTION 'an event belongs to a held change' USING ERRCODE = 'HW005', DETAIL = change_;
        END IF;
    END LOOP;
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
INSERT INTO hookwright.meta (version) VALUES (4);
";

/// SQLite has no such function; its keys are used as they are.
pub(in crate::db) const SQLITE: &str = "INSERT INTO hookwright_meta (version) VALUES (4);";
