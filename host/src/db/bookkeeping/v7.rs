//! Version 7: a change finds that one of its tables was given another name by hand before it works on what has that name now.

/// PostgreSQL. Each table has something indexed on it, whose name no other table of the schema can have besides.
pub(in crate::db) const POSTGRES: &str = r"
CREATE FUNCTION hookwright.own(org_ text, tables_ name[], marks_ name[])
RETURNS void LANGUAGE plpgsql STABLE AS $function$
DECLARE
    of_ name;
    now_ name;
BEGIN
    SELECT m.of, t.relname INTO of_, now_ FROM unnest(tables_, marks_) AS m (of, mark)
        JOIN pg_catalog.pg_namespace n ON n.nspname = org_::name
        JOIN pg_catalog.pg_class x ON x.relname = m.mark AND x.relnamespace = n.oid
        JOIN pg_catalog.pg_index i ON i.indexrelid = x.oid
        JOIN pg_catalog.pg_class t ON t.oid = i.indrelid
        WHERE t.relname <> m.of LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'a table has another name' USING ERRCODE = 'HW011', TABLE = of_, DETAIL = now_;
    END IF;
END
$function$;
INSERT INTO hookwright.meta (version) VALUES (7);
";

/// SQLite: the host asks the file itself.
pub(in crate::db) const SQLITE: &str = "INSERT INTO hookwright_meta (version) VALUES (7);";
