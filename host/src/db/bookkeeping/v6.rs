//! Version 6: what hands change of the rows is noted as it happens, and a claim finds it, as it finds a newer version.

/// PostgreSQL. `org.touched` is the transaction in which hands changed rows of the organisation last: a claim compares it
/// with what its host read, so that nothing is worked out on rows that are others now. `hand` has which rows, and who.
/// A claim lets the triggers know that the rows are its own: they ask no more than that setting, and are called by hands alone.
///
/// Hosts before it that are still running go on with the claim of six arguments.
pub(in crate::db) const POSTGRES: &str = r"
ALTER TABLE hookwright.org ADD COLUMN touched bigint NOT NULL DEFAULT 0;
CREATE TABLE hookwright.hand (
    org text NOT NULL, kind text NOT NULL, key text NOT NULL, name text NOT NULL, deed text NOT NULL,
    role text NOT NULL, program text NOT NULL, at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (org, kind, key)
);

CREATE FUNCTION hookwright.touch() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $function$
DECLARE
    row_ record;
    key_ text;
    name_ text;
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        INSERT INTO hookwright.hand (org, kind, key, name, deed, role, program)
            SELECT o.org, TG_TABLE_NAME, '*', '*', TG_OP, session_user, current_setting('application_name')
            FROM hookwright.org o
            ON CONFLICT (org, kind, key) DO UPDATE SET role = excluded.role, program = excluded.program, at = excluded.at;
        UPDATE hookwright.org o SET touched = txid_current();
        RETURN NULL;
    END IF;
    IF TG_OP = 'INSERT' THEN row_ := NEW; ELSE row_ := OLD; END IF;
    IF TG_TABLE_NAME = 'field' THEN
        SELECT e.name INTO name_ FROM hookwright.entity e WHERE e.org = row_.org AND e.id = row_.entity_id;
        key_ := row_.id;
        name_ := coalesce(name_, row_.entity_id) || '.' || row_.name;
    ELSIF TG_TABLE_NAME = 'entity' THEN
        key_ := row_.id;
        name_ := row_.name;
    ELSIF TG_TABLE_NAME = 'model' THEN
        key_ := row_.name;
        name_ := row_.name;
    END IF;
    -- Of the ledger it is enough to know that it was touched.
    IF key_ IS NOT NULL THEN
        INSERT INTO hookwright.hand (org, kind, key, name, deed, role, program)
            VALUES (row_.org, TG_TABLE_NAME, key_, name_, TG_OP, session_user, current_setting('application_name'))
            ON CONFLICT (org, kind, key) DO UPDATE SET name = excluded.name, deed = excluded.deed,
                role = excluded.role, program = excluded.program, at = excluded.at;
    END IF;
    UPDATE hookwright.org o SET touched = txid_current() WHERE o.org = row_.org AND o.touched <> txid_current();
    RETURN NULL;
END
$function$;

DO $block$
DECLARE
    table_ text;
    deeds_ text;
BEGIN
    FOREACH table_ IN ARRAY ARRAY['entity', 'field', 'model', 'event', 'change'] LOOP
        deeds_ := CASE WHEN table_ IN ('event', 'change') THEN 'DELETE' ELSE 'INSERT OR UPDATE OR DELETE' END;
        EXECUTE format($sql$CREATE TRIGGER touch AFTER %s ON hookwright.%I FOR EACH ROW
            WHEN (coalesce(current_setting('hookwright.claimed', true), '') = '') EXECUTE FUNCTION hookwright.touch()$sql$,
            deeds_, table_);
        EXECUTE format($sql$CREATE TRIGGER touch_all AFTER TRUNCATE ON hookwright.%I FOR EACH STATEMENT
            EXECUTE FUNCTION hookwright.touch()$sql$, table_);
    END LOOP;
END
$block$;

CREATE FUNCTION hookwright.claim(
    org_ text, key_ bigint, revision_ bigint, attempt_ text, events_ text[], held_ text, touched_ bigint, version_ bigint
) RETURNS void LANGUAGE plpgsql VOLATILE AS $function$
DECLARE
    found_ bigint;
    hands_ bigint;
    change_ text;
    event_ text;
BEGIN
    IF NOT pg_catalog.pg_try_advisory_xact_lock(key_) THEN
        RAISE EXCEPTION 'another change of the organisation is being made' USING ERRCODE = 'HW001';
    END IF;
    SELECT max(m.version) INTO found_ FROM hookwright.meta m;
    IF found_ > version_ THEN
        RAISE EXCEPTION 'the bookkeeping is of a newer version' USING ERRCODE = 'HW010', DETAIL = found_;
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
    SELECT o.revision, o.touched INTO found_, hands_ FROM hookwright.org o WHERE o.org = org_;
    IF revision_ IS NOT NULL AND found_ IS DISTINCT FROM revision_ OR hands_ <> touched_ THEN
        RAISE EXCEPTION 'the organisation is at another revision' USING ERRCODE = 'HW002';
    END IF;
    PERFORM FROM hookwright.fence f WHERE f.org = org_ AND f.attempt = attempt_;
    IF FOUND THEN
        RAISE EXCEPTION 'the attempt was given up' USING ERRCODE = 'HW004';
    END IF;
    PERFORM pg_catalog.set_config('hookwright.claimed', org_, true);
END
$function$;

CREATE OR REPLACE FUNCTION hookwright.claim(
    org_ text, key_ bigint, revision_ bigint, attempt_ text, events_ text[], held_ text
) RETURNS void LANGUAGE sql VOLATILE AS $function$
    SELECT hookwright.claim(org_, key_, revision_, attempt_, events_, held_, NULL, NULL)
$function$;
INSERT INTO hookwright.meta (version) VALUES (6);
";

/// A trigger of SQLite that notes one deed on the rows of a table: what to say of the row, where it is still or was last.
macro_rules! noted {
    ($kind:literal $deed:literal $row:literal $key:literal $name:literal) => {
        concat!(
            "CREATE TRIGGER hookwright_",
            $kind,
            "_",
            $deed,
            " AFTER ",
            $deed,
            " ON hookwright_",
            $kind,
            " WHEN (SELECT claimed FROM hookwright_org WHERE org = ",
            $row,
            ".org) IS NOT 1 BEGIN\n",
            "UPDATE hookwright_org SET touched = touched + 1 WHERE org = ",
            $row,
            ".org;\n",
            "INSERT INTO hookwright_hand (org, kind, key, name, deed) VALUES (",
            $row,
            ".org, '",
            $kind,
            "', ",
            $row,
            ".",
            $key,
            ", ",
            $name,
            ", '",
            $deed,
            "') ON CONFLICT (org, kind, key) DO UPDATE SET ",
            "name = excluded.name, deed = excluded.deed, at = excluded.at;\nEND;\n",
        )
    };
}

/// The three of a table.
macro_rules! all_noted {
    ($kind:literal $key:literal $new:literal $old:literal) => {
        concat!(
            noted!($kind "INSERT" "NEW" $key $new),
            noted!($kind "UPDATE" "OLD" $key $old),
            noted!($kind "DELETE" "OLD" $key $old),
        )
    };
}

/// SQLite: the same. `org.claimed` is 1 within a change's transaction; who it was, a file does not know.
pub(in crate::db) const SQLITE: &str = concat!(
    "ALTER TABLE hookwright_org ADD COLUMN touched INTEGER NOT NULL DEFAULT 0;\n",
    "ALTER TABLE hookwright_org ADD COLUMN claimed INTEGER NOT NULL DEFAULT 0;\n",
    "CREATE TABLE hookwright_hand (org TEXT NOT NULL, kind TEXT NOT NULL, key TEXT NOT NULL, name TEXT NOT NULL, ",
    "deed TEXT NOT NULL, at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')), ",
    "PRIMARY KEY (org, kind, key)) WITHOUT ROWID;\n",
    all_noted!("entity" "id" "NEW.name" "OLD.name"),
    all_noted!("field" "id"
        "coalesce((SELECT name FROM hookwright_entity WHERE org = NEW.org AND id = NEW.entity_id), NEW.entity_id) || '.' || NEW.name"
        "coalesce((SELECT name FROM hookwright_entity WHERE org = OLD.org AND id = OLD.entity_id), OLD.entity_id) || '.' || OLD.name"),
    all_noted!("model" "name" "NEW.name" "OLD.name"),
    "CREATE TRIGGER hookwright_event_DELETE AFTER DELETE ON hookwright_event BEGIN\n",
    "UPDATE hookwright_org SET touched = touched + 1 WHERE org = OLD.org;\nEND;\n",
    "CREATE TRIGGER hookwright_change_DELETE AFTER DELETE ON hookwright_change BEGIN\n",
    "UPDATE hookwright_org SET touched = touched + 1 WHERE org = OLD.org;\nEND;\n",
    "INSERT INTO hookwright_meta (version) VALUES (6);",
);
