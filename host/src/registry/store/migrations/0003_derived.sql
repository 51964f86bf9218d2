-- What an organisation's metadata and plugins called for, as its difference to what was recorded: see pipeline/kept.rs.
CREATE TABLE derived (
  org        TEXT PRIMARY KEY REFERENCES org (name) ON DELETE CASCADE,
  key        TEXT NOT NULL,
  difference TEXT NOT NULL
) STRICT;

PRAGMA user_version = 3;
