-- Runs of pipelines, what was decided of their nodes, and the definitions that they began with.
CREATE TABLE plans (
  digest TEXT PRIMARY KEY CHECK (length(digest) = 64),
  plan TEXT NOT NULL
) STRICT;

CREATE TABLE runs (
  number INTEGER PRIMARY KEY,
  id BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
  pipeline TEXT NOT NULL CHECK (length(pipeline) BETWEEN 1 AND 200),
  plan TEXT NOT NULL,
  params TEXT NOT NULL,
  priority INTEGER,
  reuse_from BLOB CHECK (length(reuse_from) = 16),
  anew TEXT NOT NULL,
  created_by TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  state INTEGER NOT NULL DEFAULT 0 CHECK (state BETWEEN 0 AND 4),
  started_at INTEGER NOT NULL DEFAULT 0,
  ended_at INTEGER,
  outputs TEXT NOT NULL DEFAULT '',
  error TEXT NOT NULL DEFAULT '',
  next_at INTEGER NOT NULL DEFAULT 0,
  stop INTEGER NOT NULL DEFAULT 0 CHECK (stop BETWEEN 0 AND 3),
  stop_by TEXT NOT NULL DEFAULT '',
  stop_reason TEXT NOT NULL DEFAULT '',
  asked INTEGER NOT NULL DEFAULT 0,
  holder TEXT NOT NULL DEFAULT '',
  held_until INTEGER NOT NULL DEFAULT 0,
  CHECK ((ended_at IS NULL) = (state < 2))
) STRICT;
CREATE INDEX runs_live ON runs (number) WHERE state < 2;
CREATE INDEX runs_ended ON runs (ended_at) WHERE state >= 2;
CREATE INDEX runs_running ON runs (pipeline) WHERE state = 1;
CREATE INDEX runs_of_plan ON runs (plan);

-- Without ended_at: it runs.
CREATE TABLE run_nodes (
  run INTEGER NOT NULL,
  path TEXT NOT NULL,
  kind INTEGER NOT NULL CHECK (kind BETWEEN 0 AND 3),
  state INTEGER NOT NULL CHECK (state BETWEEN 0 AND 4),
  stop INTEGER NOT NULL DEFAULT 0 CHECK (stop BETWEEN 0 AND 3),
  due INTEGER NOT NULL DEFAULT 0,
  outputs TEXT NOT NULL DEFAULT '',
  error TEXT NOT NULL DEFAULT '',
  fingerprint TEXT NOT NULL DEFAULT '',
  reused INTEGER NOT NULL DEFAULT 0 CHECK (reused IN (0, 1)),
  wait TEXT NOT NULL DEFAULT '',
  approval INTEGER NOT NULL DEFAULT 0 CHECK (approval IN (0, 1)),
  decision TEXT NOT NULL DEFAULT '',
  began_at INTEGER NOT NULL,
  ended_at INTEGER,
  PRIMARY KEY (run, path),
  CHECK ((ended_at IS NULL) = (state = 0))
) STRICT;
