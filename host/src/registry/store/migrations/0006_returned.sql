-- Of a plugin whose new build broke at once: who bound the one before again, when and why (a JSON object).
ALTER TABLE plugin ADD COLUMN returned TEXT;

-- That a plugin worked concerns nobody but the next who looks.
DROP TRIGGER plugin_changed;
CREATE TRIGGER plugin_changed AFTER UPDATE OF version, digest, manifest, config, grants, ord, enabled, installed_at, on_fault ON plugin
BEGIN UPDATE generation SET number = number + 1; END;

PRAGMA user_version = 6;
