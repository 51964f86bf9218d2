-- Keys with which senders sign events. The secret is kept as it is, since it is needed to verify a signature.
CREATE TABLE webhook (
  id         TEXT PRIMARY KEY,
  org        TEXT NOT NULL REFERENCES org (name) ON DELETE CASCADE,
  name       TEXT NOT NULL,
  secret     TEXT NOT NULL,
  created_at TEXT NOT NULL,
  revoked_at TEXT
) STRICT;

CREATE INDEX webhook_org ON webhook (org);

PRAGMA user_version = 8;
