-- Runs of pipelines, what was decided of their nodes, and the definitions that they began with.
CREATE TABLE waybill.plans (
  digest text COLLATE "C" PRIMARY KEY CHECK (length(digest) = 64),
  plan bytea NOT NULL
);

CREATE TABLE waybill.runs (
  number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  id uuid NOT NULL UNIQUE,
  pipeline text COLLATE "C" NOT NULL CHECK (length(pipeline) BETWEEN 1 AND 200),
  plan text COLLATE "C" NOT NULL,
  params bytea NOT NULL,
  priority bigint,
  reuse_from uuid,
  anew text COLLATE "C" NOT NULL,
  created_by text COLLATE "C" NOT NULL,
  created_at bigint NOT NULL,
  state smallint NOT NULL DEFAULT 0 CHECK (state BETWEEN 0 AND 4),
  started_at bigint NOT NULL DEFAULT 0,
  ended_at bigint,
  outputs bytea NOT NULL DEFAULT '',
  error text COLLATE "C" NOT NULL DEFAULT '',
  next_at bigint NOT NULL DEFAULT 0,
  stop smallint NOT NULL DEFAULT 0 CHECK (stop BETWEEN 0 AND 3),
  stop_by text COLLATE "C" NOT NULL DEFAULT '',
  stop_reason text COLLATE "C" NOT NULL DEFAULT '',
  asked bigint NOT NULL DEFAULT 0,
  holder text COLLATE "C" NOT NULL DEFAULT '',
  held_until bigint NOT NULL DEFAULT 0,  -- by the database's clock
  CHECK ((ended_at IS NULL) = (state < 2))
) WITH (fillfactor = 70);
CREATE INDEX runs_live ON waybill.runs (number) WHERE state < 2;
CREATE INDEX runs_ended ON waybill.runs (ended_at) WHERE state >= 2;
CREATE INDEX runs_running ON waybill.runs (pipeline) WHERE state = 1;
CREATE INDEX runs_of_plan ON waybill.runs (plan);

-- Without ended_at: it runs.
CREATE TABLE waybill.run_nodes (
  run uuid NOT NULL REFERENCES waybill.runs (id) ON DELETE CASCADE,
  path text COLLATE "C" NOT NULL,
  kind smallint NOT NULL CHECK (kind BETWEEN 0 AND 3),
  state smallint NOT NULL CHECK (state BETWEEN 0 AND 4),
  stop smallint NOT NULL DEFAULT 0 CHECK (stop BETWEEN 0 AND 3),
  due bigint NOT NULL DEFAULT 0,
  outputs bytea NOT NULL DEFAULT '',
  error text COLLATE "C" NOT NULL DEFAULT '',
  fingerprint text COLLATE "C" NOT NULL DEFAULT '',
  reused boolean NOT NULL DEFAULT false,
  wait text COLLATE "C" NOT NULL DEFAULT '',
  approval boolean NOT NULL DEFAULT false,
  decision text COLLATE "C" NOT NULL DEFAULT '',
  began_at bigint NOT NULL,
  ended_at bigint,
  PRIMARY KEY (run, path),
  CHECK ((ended_at IS NULL) = (state = 0))
) WITH (fillfactor = 70);
