-- Who may ask the HTTP service, and for what. The secret of a token is never kept.
CREATE TABLE waybill.tokens (
  id text COLLATE "C" PRIMARY KEY CHECK (length(id) = 8),
  name text COLLATE "C" NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
  -- 0 viewer, 1 submitter, 2 worker, 3 operator, 4 admin
  role smallint NOT NULL CHECK (role BETWEEN 0 AND 4),
  hash bytea NOT NULL CHECK (octet_length(hash) = 32),  -- SHA-256 of the secret
  created_at bigint NOT NULL,
  created_by text COLLATE "C" NOT NULL,
  expires_at bigint CHECK (expires_at > created_at),
  revoked_at bigint,
  last_used_at bigint,
  -- requests a second; 0: as many as the server's settings say
  rate_limit bigint NOT NULL DEFAULT 0 CHECK (rate_limit BETWEEN 0 AND 100000)
) WITH (fillfactor = 50);
CREATE UNIQUE INDEX token_names ON waybill.tokens (name) WHERE revoked_at IS NULL;
