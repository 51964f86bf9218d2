-- What becomes of a change when a plugin breaks.
ALTER TABLE plugin ADD COLUMN on_fault TEXT NOT NULL DEFAULT 'reject' CHECK (on_fault IN ('reject', 'skip'));

PRAGMA user_version = 4;
