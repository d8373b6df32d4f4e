-- Secrets by name, sealed: without the key, which is kept elsewhere, nobody can read them.
CREATE TABLE secrets (
  name TEXT PRIMARY KEY CHECK (length(name) BETWEEN 1 AND 200),
  sealed BLOB NOT NULL CHECK (length(sealed) > 29),
  key_id TEXT NOT NULL CHECK (length(key_id) = 16),
  created_at INTEGER NOT NULL,
  changed_at INTEGER NOT NULL CHECK (changed_at >= created_at),
  changed_by TEXT NOT NULL
) STRICT, WITHOUT ROWID;
