-- Who may ask the HTTP service, and for what. The secret of a token is never kept.
CREATE TABLE tokens (
  id TEXT PRIMARY KEY CHECK (length(id) = 8),
  name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
  -- 0 viewer, 1 submitter, 2 worker, 3 operator, 4 admin
  role INTEGER NOT NULL CHECK (role BETWEEN 0 AND 4),
  hash BLOB NOT NULL CHECK (length(hash) = 32),  -- SHA-256 of the secret
  created_at INTEGER NOT NULL,
  created_by TEXT NOT NULL,
  expires_at INTEGER CHECK (expires_at > created_at),
  revoked_at INTEGER,
  last_used_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX token_names ON tokens (name) WHERE revoked_at IS NULL;
