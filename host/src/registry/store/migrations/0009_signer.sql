-- Keys whose signatures an organisation takes for plugins, and the signature that came with a plugin.
CREATE TABLE signer (
  org      TEXT NOT NULL REFERENCES org (name) ON DELETE CASCADE,
  key      TEXT NOT NULL,
  name     TEXT NOT NULL,
  added_at TEXT NOT NULL,
  PRIMARY KEY (org, key)
) STRICT;

ALTER TABLE plugin ADD COLUMN signature TEXT;
ALTER TABLE plugin_version ADD COLUMN signature TEXT;

DROP TRIGGER plugin_changed;
CREATE TRIGGER plugin_changed AFTER UPDATE OF version, digest, manifest, config, grants, ord, enabled, installed_at, on_fault, signature ON plugin
BEGIN UPDATE generation SET number = number + 1; END;

CREATE TRIGGER signer_added AFTER INSERT ON signer BEGIN UPDATE generation SET number = number + 1; END;
CREATE TRIGGER signer_removed AFTER DELETE ON signer BEGIN UPDATE generation SET number = number + 1; END;

PRAGMA user_version = 9;
