-- How often a build of a plugin gave another answer to the same call when it was run again.
CREATE TABLE plugin_difference (
  org    TEXT NOT NULL REFERENCES org (name) ON DELETE CASCADE,
  name   TEXT NOT NULL,
  digest TEXT NOT NULL,
  count  INTEGER NOT NULL,
  hook   TEXT NOT NULL,
  at     TEXT NOT NULL,
  PRIMARY KEY (org, name)
) STRICT;

PRAGMA user_version = 7;
