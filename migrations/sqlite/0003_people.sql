-- Who has logged in, as their providers call them. `name` stands in the tasks that they make, and is
-- never given to another.
CREATE TABLE people (
  name TEXT PRIMARY KEY CHECK (length(name) BETWEEN 3 AND 1000),
  provider TEXT NOT NULL CHECK (length(provider) > 0),
  subject TEXT NOT NULL CHECK (length(subject) > 0),
  login TEXT NOT NULL,
  email TEXT NOT NULL,
  email_verified INTEGER NOT NULL CHECK (email_verified IN (0, 1)),
  group_names TEXT NOT NULL CHECK (json_valid(group_names)),  -- JSON array of texts
  first_seen_at INTEGER NOT NULL,
  logged_in_at INTEGER NOT NULL,
  sealed_token BLOB  -- the provider's access token, sealed
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX people_subjects ON people (provider, subject);

-- Browsers that are logged in. The secret of a session is never kept.
CREATE TABLE sessions (
  id TEXT PRIMARY KEY CHECK (length(id) = 16),
  hash BLOB NOT NULL CHECK (length(hash) = 32),  -- SHA-256 of the secret
  person TEXT NOT NULL REFERENCES people (name),
  created_at INTEGER NOT NULL,
  seen_at INTEGER NOT NULL,
  ends_at INTEGER NOT NULL CHECK (ends_at > created_at),
  revoked_at INTEGER
) STRICT, WITHOUT ROWID;
