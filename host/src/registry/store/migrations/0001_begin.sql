CREATE TABLE org (
  name       TEXT PRIMARY KEY,
  database   TEXT NOT NULL,
  created_at TEXT NOT NULL
) STRICT;

CREATE TABLE component (
  digest TEXT PRIMARY KEY,
  bytes  BLOB NOT NULL
) STRICT;

CREATE TABLE plugin (
  org          TEXT NOT NULL REFERENCES org (name) ON DELETE CASCADE,
  name         TEXT NOT NULL,
  version      TEXT NOT NULL,
  digest       TEXT NOT NULL REFERENCES component (digest),
  manifest     TEXT NOT NULL,
  config       TEXT NOT NULL,
  grants       TEXT NOT NULL,
  ord          INTEGER NOT NULL,
  enabled      INTEGER NOT NULL CHECK (enabled IN (0, 1)),
  installed_at TEXT NOT NULL,
  PRIMARY KEY (org, name)
) STRICT;

CREATE TABLE token (
  id         TEXT PRIMARY KEY,
  name       TEXT NOT NULL,
  hash       BLOB NOT NULL,
  orgs       TEXT NOT NULL,
  scopes     TEXT NOT NULL,
  created_at TEXT NOT NULL,
  revoked_at TEXT
) STRICT;

CREATE TABLE generation (number INTEGER NOT NULL) STRICT;
INSERT INTO generation VALUES (1);

CREATE TRIGGER org_added AFTER INSERT ON org BEGIN UPDATE generation SET number = number + 1; END;
CREATE TRIGGER org_changed AFTER UPDATE ON org BEGIN UPDATE generation SET number = number + 1; END;
CREATE TRIGGER org_removed AFTER DELETE ON org BEGIN UPDATE generation SET number = number + 1; END;
CREATE TRIGGER plugin_added AFTER INSERT ON plugin BEGIN UPDATE generation SET number = number + 1; END;
CREATE TRIGGER plugin_changed AFTER UPDATE ON plugin BEGIN UPDATE generation SET number = number + 1; END;
CREATE TRIGGER plugin_removed AFTER DELETE ON plugin BEGIN UPDATE generation SET number = number + 1; END;

PRAGMA user_version = 1;
