-- All times: microseconds since 1970 UTC. Texts are compared byte by byte, whatever the database's
-- collation is.
CREATE SCHEMA IF NOT EXISTS waybill;

-- One row about the ledger itself.
CREATE TABLE waybill.ledger (
  one boolean PRIMARY KEY DEFAULT true CHECK (one),
  schema_version bigint NOT NULL,
  usable_from bigint NOT NULL,    -- the oldest schema version whose programs work with this one
  counted_until bigint NOT NULL   -- the last commit whose counts are in lanes
);
INSERT INTO waybill.ledger (schema_version, usable_from, counted_until) VALUES (0, 1, 0);

-- A lane is a pair of queue and kind: what a claim chooses from, and what is counted. The counts
-- are those of commits up to ledger.counted_until; what came later stands in events.counted.
CREATE TABLE waybill.lanes (
  lane bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  queue text COLLATE "C" NOT NULL,
  kind text COLLATE "C" NOT NULL,
  used boolean NOT NULL DEFAULT false,  -- whether a task was ever accepted
  blocked bigint NOT NULL DEFAULT 0,
  scheduled bigint NOT NULL DEFAULT 0,
  ready bigint NOT NULL DEFAULT 0,
  leased bigint NOT NULL DEFAULT 0,
  succeeded bigint NOT NULL DEFAULT 0,
  failed bigint NOT NULL DEFAULT 0,
  cancelled bigint NOT NULL DEFAULT 0,
  UNIQUE (queue, kind)
);

-- Numbers tasks in the order of their acceptance; none is used twice.
CREATE SEQUENCE waybill.handles;

-- Where each task is found that is in the ledger, live or finished.
CREATE TABLE waybill.ids (
  id uuid PRIMARY KEY,
  handle bigint NOT NULL DEFAULT nextval('waybill.handles')
);

-- Tasks that are not finished: few. States: 0 blocked, 1 scheduled, 2 ready, 3 leased.
CREATE TABLE waybill.tasks (
  handle bigint PRIMARY KEY,
  created_at bigint NOT NULL,
  fence bigint NOT NULL CHECK (fence >= 0),
  run_at bigint NOT NULL,
  rank bigint,                    -- core/priority.h; the order in which ready tasks start
  lease_until bigint,
  lane bigint NOT NULL,
  id uuid NOT NULL,
  revision integer NOT NULL CHECK (revision >= 0),
  waiting_for integer NOT NULL CHECK (waiting_for >= 0),
  priority smallint NOT NULL CHECK (priority BETWEEN -100 AND 100),
  state smallint NOT NULL CHECK (state BETWEEN 0 AND 3),
  dedup_scope smallint NOT NULL CHECK (dedup_scope IN (0, 1)),
  dedup_key bytea,
  detail bytea NOT NULL,          -- the rest of TaskStatus, see core/task_record.h
  history bytea NOT NULL,         -- core/history.h, one entry appended with each change
  rest bytea NOT NULL,            -- what of a request is seldom set, see core/task_record.h
  definition text COLLATE "C" NOT NULL,
  created_by text COLLATE "C" NOT NULL,
  spec text COLLATE "C" NOT NULL,
  params text COLLATE "C" NOT NULL,
  CHECK ((state = 0) = (waiting_for > 0)),
  CHECK ((state = 2) = (rank IS NOT NULL)),
  CHECK ((state = 3) = (lease_until IS NOT NULL)),
  CHECK (state <> 3 OR fence > 0)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000,
        autovacuum_vacuum_insert_scale_factor = 0.2, autovacuum_vacuum_cost_delay = 0,
        autovacuum_analyze_scale_factor = 0.1, vacuum_truncate = false);
CREATE UNIQUE INDEX task_keys ON waybill.tasks (dedup_key) WHERE dedup_key IS NOT NULL;
CREATE INDEX blocked_tasks ON waybill.tasks (lane) WHERE state = 0;
CREATE INDEX scheduled_tasks ON waybill.tasks (run_at) WHERE state = 1;
CREATE INDEX ready_tasks ON waybill.tasks (lane, rank, handle) WHERE state = 2;
CREATE INDEX leased_tasks ON waybill.tasks (lease_until) WHERE state = 3;

-- Tasks that are finished, as they were accepted one after another: a partition holds those of a
-- span of handles, and goes as a whole when retention has removed the last of them.
-- States: 4 succeeded, 5 failed, 6 cancelled.
CREATE TABLE waybill.finished (
  handle bigint NOT NULL,
  created_at bigint NOT NULL,
  fence bigint NOT NULL CHECK (fence >= 0),
  run_at bigint NOT NULL,
  finished_at bigint NOT NULL,
  lane bigint NOT NULL,
  id uuid NOT NULL,
  revision integer NOT NULL CHECK (revision >= 0),
  waiting_for integer NOT NULL CHECK (waiting_for >= 0),
  priority smallint NOT NULL CHECK (priority BETWEEN -100 AND 100),
  state smallint NOT NULL CHECK (state BETWEEN 4 AND 6),
  dedup_scope smallint NOT NULL CHECK (dedup_scope IN (0, 1)),
  dedup_key bytea,
  detail bytea NOT NULL,
  history bytea NOT NULL,
  rest bytea NOT NULL,
  definition text COLLATE "C" NOT NULL,
  created_by text COLLATE "C" NOT NULL,
  spec text COLLATE "C" NOT NULL,
  params text COLLATE "C" NOT NULL,
  CHECK (waiting_for = 0 OR state = 6)
) PARTITION BY RANGE (handle);
CREATE UNIQUE INDEX finished_handles ON waybill.finished (handle);
CREATE INDEX finished_tasks ON waybill.finished (lane, state, finished_at, handle);

-- Both, as they are read. They have no lane's names.
CREATE VIEW waybill.rows AS
  SELECT handle, id, lane, priority, state, revision, fence, waiting_for, run_at, lease_until,
         NULL::bigint AS finished_at, dedup_key, dedup_scope, detail, created_at, definition,
         created_by, spec, params, rest, history, rank
  FROM waybill.tasks
  UNION ALL
  SELECT handle, id, lane, priority, state, revision, fence, waiting_for, run_at, NULL::bigint,
         finished_at, dedup_key, dedup_scope, detail, created_at, definition,
         created_by, spec, params, rest, history, NULL::bigint
  FROM waybill.finished;

-- That a blocked task waits for another that has not succeeded yet. By id, so that it survives the
-- removal of the other.
CREATE TABLE waybill.waits (
  on_id uuid NOT NULL,
  task bigint NOT NULL,
  PRIMARY KEY (on_id, task)
);
CREATE INDEX waits_of_task ON waybill.waits (task);

-- The latest progress and checkpoint of a task that reported any.
CREATE TABLE waybill.reports (
  task bigint PRIMARY KEY,
  progress text COLLATE "C" NOT NULL,
  checkpoint text COLLATE "C" NOT NULL
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);

-- Keys that are held for ever, by a task that is there or by one that retention has removed.
CREATE TABLE waybill.forever_keys (
  dedup_key bytea PRIMARY KEY,
  id uuid NOT NULL
);

-- The tail of changes: a row for each transaction, more for a great one, without gaps and in the
-- order of their commits. Only the newest are kept.
CREATE TABLE waybill.events (
  commit_number bigint PRIMARY KEY,
  changes_until bigint NOT NULL,  -- how many changes there were up to and including this row
  change_count bigint NOT NULL CHECK (change_count > 0),
  counted bigint[] NOT NULL,      -- lane, and what was added to each of its seven counts; again
  changes bytea NOT NULL,         -- see core/task_record.h
  tag uuid NOT NULL,              -- of the transaction, by which its writer finds it again
  CHECK (changes_until >= change_count)
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);

CREATE TABLE waybill.queues (
  name text COLLATE "C" PRIMARY KEY,
  paused boolean NOT NULL,
  concurrency_max bigint NOT NULL CHECK (concurrency_max >= 0),
  keep_succeeded bigint NOT NULL,
  keep_failed bigint NOT NULL,
  keep_cancelled bigint NOT NULL
);

CREATE TABLE waybill.schedules (
  name text COLLATE "C" PRIMARY KEY,
  cron text COLLATE "C" NOT NULL,
  zone text COLLATE "C" NOT NULL,
  daylight bigint NOT NULL,
  catch_up bigint NOT NULL,
  paused boolean NOT NULL,
  source text COLLATE "C" NOT NULL,
  handled_until bigint NOT NULL,
  task bytea NOT NULL             -- a TaskRequest, see core/task_record.h
);

CREATE TABLE waybill.workers (
  name text COLLATE "C" PRIMARY KEY,
  host text COLLATE "C" NOT NULL,
  process_id bigint NOT NULL,
  queues text COLLATE "C" NOT NULL,  -- names with commas between
  kinds text COLLATE "C" NOT NULL,
  slots bigint NOT NULL,
  busy bigint NOT NULL,
  started_at bigint NOT NULL,
  seen_at bigint NOT NULL,
  version text COLLATE "C" NOT NULL DEFAULT ''
) WITH (fillfactor = 50, autovacuum_vacuum_cost_delay = 0);
