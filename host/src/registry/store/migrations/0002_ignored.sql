CREATE TABLE ignored (
  org     TEXT NOT NULL REFERENCES org (name) ON DELETE CASCADE,
  finding TEXT NOT NULL,
  code    TEXT NOT NULL,
  message TEXT NOT NULL,
  actor   TEXT,
  reason  TEXT NOT NULL,
  at      TEXT NOT NULL,
  PRIMARY KEY (org, finding)
) STRICT;

CREATE TRIGGER ignored_added AFTER INSERT ON ignored BEGIN UPDATE generation SET number = number + 1; END;
CREATE TRIGGER ignored_removed AFTER DELETE ON ignored BEGIN UPDATE generation SET number = number + 1; END;

PRAGMA user_version = 2;
