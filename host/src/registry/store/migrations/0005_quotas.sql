-- Components that were uploaded lately: when (milliseconds since 1970, UTC), and how large.
CREATE TABLE upload (
  org   TEXT NOT NULL REFERENCES org (name) ON DELETE CASCADE,
  at    INTEGER NOT NULL,
  bytes INTEGER NOT NULL
) STRICT;
CREATE INDEX upload_of_org ON upload (org, at);

-- Whether a call of the plugin worked since it was bound as it is. Nothing is known of those that are bound already: they count as good.
ALTER TABLE plugin ADD COLUMN proven INTEGER NOT NULL DEFAULT 0 CHECK (proven IN (0, 1));
UPDATE plugin SET proven = 1;

-- What was bound before and worked, the newest last.
CREATE TABLE plugin_version (
  id           INTEGER PRIMARY KEY AUTOINCREMENT,
  org          TEXT NOT NULL REFERENCES org (name) ON DELETE CASCADE,
  name         TEXT NOT NULL,
  version      TEXT NOT NULL,
  digest       TEXT NOT NULL REFERENCES component (digest),
  manifest     TEXT NOT NULL,
  config       TEXT NOT NULL,
  grants       TEXT NOT NULL,
  ord          INTEGER NOT NULL,
  on_fault     TEXT NOT NULL,
  installed_at TEXT NOT NULL
) STRICT;
CREATE INDEX plugin_version_of_org ON plugin_version (org, name);

PRAGMA user_version = 5;
