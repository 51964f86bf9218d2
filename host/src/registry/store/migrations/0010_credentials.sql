-- Hosts remember tokens for as long as the number stays the same.
CREATE TRIGGER token_added AFTER INSERT ON token BEGIN UPDATE generation SET number = number + 1; END;
CREATE TRIGGER token_changed AFTER UPDATE ON token BEGIN UPDATE generation SET number = number + 1; END;
CREATE TRIGGER token_removed AFTER DELETE ON token BEGIN UPDATE generation SET number = number + 1; END;

PRAGMA user_version = 10;
