-- Who has logged in, as their providers call them. `name` stands in the tasks that they make, and is
-- never given to another.
CREATE TABLE waybill.people (
  name text COLLATE "C" PRIMARY KEY CHECK (length(name) BETWEEN 3 AND 1000),
  provider text COLLATE "C" NOT NULL CHECK (length(provider) > 0),
  subject text COLLATE "C" NOT NULL CHECK (length(subject) > 0),
  login text COLLATE "C" NOT NULL,
  email text COLLATE "C" NOT NULL,
  email_verified boolean NOT NULL,
  group_names text COLLATE "C" NOT NULL,  -- JSON array of texts
  first_seen_at bigint NOT NULL,
  logged_in_at bigint NOT NULL,
  sealed_token bytea NOT NULL             -- the provider's access token, sealed; empty: none
) WITH (fillfactor = 70);
CREATE UNIQUE INDEX people_subjects ON waybill.people (provider, subject);

-- Browsers that are logged in. The secret of a session is never kept.
CREATE TABLE waybill.sessions (
  id text COLLATE "C" PRIMARY KEY CHECK (length(id) = 16),
  hash bytea NOT NULL CHECK (octet_length(hash) = 32),  -- SHA-256 of the secret
  person text COLLATE "C" NOT NULL REFERENCES waybill.people (name),
  created_at bigint NOT NULL,
  seen_at bigint NOT NULL,
  ends_at bigint NOT NULL CHECK (ends_at > created_at),
  revoked_at bigint
) WITH (fillfactor = 50);
