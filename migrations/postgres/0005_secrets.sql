-- Secrets by name, sealed: without the key, which is kept elsewhere, nobody can read them. Who
-- writes them holds a lock, so that all are sealed under one key.
CREATE TABLE waybill.secrets (
  name text COLLATE "C" PRIMARY KEY CHECK (length(name) BETWEEN 1 AND 200),
  sealed bytea NOT NULL CHECK (octet_length(sealed) > 29),
  key_id text COLLATE "C" NOT NULL CHECK (length(key_id) = 16),
  created_at bigint NOT NULL,
  changed_at bigint NOT NULL CHECK (changed_at >= created_at),
  changed_by text COLLATE "C" NOT NULL
);
