-- Hosts remember tokens for as long as the number stays the same: one of its own, for nothing else follows from tokens.
ALTER TABLE generation ADD COLUMN tokens INTEGER NOT NULL DEFAULT 1;
CREATE TRIGGER token_added AFTER INSERT ON token BEGIN UPDATE generation SET tokens = tokens + 1; END;
CREATE TRIGGER token_changed AFTER UPDATE ON token BEGIN UPDATE generation SET tokens = tokens + 1; END;
CREATE TRIGGER token_removed AFTER DELETE ON token BEGIN UPDATE generation SET tokens = tokens + 1; END;

PRAGMA user_version = 10;
