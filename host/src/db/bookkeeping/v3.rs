//! Version 3: tombstones (who dropped what, when, and what the metadata lost with it), and what undoes each change.

/// PostgreSQL. A tombstone is found by the names of now: of its table and, for a column, of the column. What it
/// stands for is in the model. `change.undo` is none of changes that an older host made.
pub(in crate::db) const POSTGRES: &str = r"
CREATE TABLE hookwright.tombstone (
    org text NOT NULL, table_name text NOT NULL, column_name text NOT NULL DEFAULT '',
    change_id text NOT NULL, actor text, dropped_at timestamptz NOT NULL DEFAULT now(), memory json,
    PRIMARY KEY (org, table_name, column_name)
);
ALTER TABLE hookwright.change ADD COLUMN undo json;
ALTER TABLE hookwright.change ADD COLUMN rolled_back_by text;
INSERT INTO hookwright.meta (version) VALUES (3);
";

/// SQLite: the same.
pub(in crate::db) const SQLITE: &str = r"
CREATE TABLE hookwright_tombstone (
    org TEXT NOT NULL, table_name TEXT NOT NULL, column_name TEXT NOT NULL DEFAULT '',
    change_id TEXT NOT NULL, actor TEXT,
    dropped_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')), memory TEXT,
    PRIMARY KEY (org, table_name, column_name)
) WITHOUT ROWID;
ALTER TABLE hookwright_change ADD COLUMN undo TEXT;
ALTER TABLE hookwright_change ADD COLUMN rolled_back_by TEXT;
INSERT INTO hookwright_meta (version) VALUES (3);
";
