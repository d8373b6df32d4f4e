PRAGMA application_id = 0x57794c67;  -- "WyLg"

-- A lane is a pair of queue and kind: what a claim chooses from, and what is counted.
CREATE TABLE lanes (
  lane INTEGER PRIMARY KEY,
  queue TEXT NOT NULL,
  kind TEXT NOT NULL,
  blocked INTEGER NOT NULL DEFAULT 0 CHECK (blocked >= 0),
  scheduled INTEGER NOT NULL DEFAULT 0 CHECK (scheduled >= 0),
  ready INTEGER NOT NULL DEFAULT 0 CHECK (ready >= 0),
  leased INTEGER NOT NULL DEFAULT 0 CHECK (leased >= 0),
  succeeded INTEGER NOT NULL DEFAULT 0 CHECK (succeeded >= 0),
  failed INTEGER NOT NULL DEFAULT 0 CHECK (failed >= 0),
  cancelled INTEGER NOT NULL DEFAULT 0 CHECK (cancelled >= 0),
  UNIQUE (queue, kind)
) STRICT;

-- Identity and status. Narrow, because each change of state rewrites the row and its page.
-- States: 0 blocked, 1 scheduled, 2 ready, 3 leased, 4 succeeded, 5 failed, 6 cancelled.
CREATE TABLE tasks (
  handle INTEGER PRIMARY KEY,     -- never used twice, see ledger.handle_floor
  id BLOB NOT NULL CHECK (length(id) = 16),
  lane INTEGER NOT NULL,
  priority INTEGER NOT NULL CHECK (priority BETWEEN -100 AND 100),
  state INTEGER NOT NULL CHECK (state BETWEEN 0 AND 6),
  revision INTEGER NOT NULL CHECK (revision >= 0),
  fence INTEGER NOT NULL CHECK (fence >= 0),
  waiting_for INTEGER NOT NULL CHECK (waiting_for >= 0),
  run_at INTEGER NOT NULL,        -- all times: microseconds since 1970 UTC
  rank INTEGER,                   -- core/priority.h; the order in which ready tasks start
  lease_until INTEGER,
  finished_at INTEGER,
  dedup_key TEXT,
  dedup_scope INTEGER NOT NULL CHECK (dedup_scope IN (0, 1)),
  detail BLOB NOT NULL,           -- the rest of TaskStatus, see record.h
  history BLOB NOT NULL,          -- core/history.h, one entry appended with each change
  room BLOB,                      -- zeros that detail and history grow into, so that the row stays in its page
  CHECK (state <> 0 OR waiting_for > 0),
  CHECK (waiting_for = 0 OR state IN (0, 6)),
  CHECK ((state = 2) = (rank IS NOT NULL)),
  CHECK ((state = 3) = (lease_until IS NOT NULL)),
  CHECK (state <> 3 OR fence > 0),
  CHECK ((state >= 4) = (finished_at IS NOT NULL))
) STRICT;
CREATE UNIQUE INDEX task_ids ON tasks (id);
CREATE UNIQUE INDEX task_keys ON tasks (dedup_key)
  WHERE dedup_key IS NOT NULL AND (dedup_scope = 1 OR state < 4);
CREATE INDEX blocked_tasks ON tasks (lane) WHERE state = 0;
CREATE INDEX scheduled_tasks ON tasks (run_at) WHERE state = 1;
CREATE INDEX ready_tasks ON tasks (lane, rank) WHERE state = 2;
CREATE INDEX leased_tasks ON tasks (lease_until) WHERE state = 3;
CREATE INDEX finished_tasks ON tasks (lane, state, finished_at)
  WHERE finished_at IS NOT NULL;

-- What was asked for: written once, read with the task, never changed.
CREATE TABLE requests (
  handle INTEGER PRIMARY KEY,
  created_at INTEGER NOT NULL,
  definition TEXT NOT NULL,
  created_by TEXT NOT NULL,
  spec TEXT NOT NULL,
  params TEXT NOT NULL,
  rest BLOB                       -- what is seldom set, see record.h; NULL: all of it is the default
) STRICT;

-- That a blocked task waits for another that has not succeeded yet. By id, so that it survives the
-- removal of the other.
CREATE TABLE waits (
  on_id BLOB NOT NULL CHECK (length(on_id) = 16),
  task INTEGER NOT NULL,
  PRIMARY KEY (on_id, task)
) STRICT, WITHOUT ROWID;
CREATE INDEX waits_of_task ON waits (task);

-- The latest progress and checkpoint of a task that reported any.
CREATE TABLE reports (
  task INTEGER PRIMARY KEY,
  progress TEXT NOT NULL,
  checkpoint TEXT NOT NULL
) STRICT;

-- Keys for ever of tasks that retention has removed.
CREATE TABLE spent_keys (
  dedup_key TEXT PRIMARY KEY,
  id BLOB NOT NULL CHECK (length(id) = 16)
) STRICT, WITHOUT ROWID;

-- The tail of changes: a row for each transaction, more for a great one. Only the newest are kept.
CREATE TABLE events (
  commit_number INTEGER PRIMARY KEY,
  changes_until INTEGER NOT NULL, -- how many changes there were up to and including this row
  change_count INTEGER NOT NULL CHECK (change_count > 0),
  changes BLOB NOT NULL,          -- see record.h
  CHECK (changes_until >= change_count)
) STRICT;

CREATE TABLE queues (
  name TEXT PRIMARY KEY,
  paused INTEGER NOT NULL CHECK (paused IN (0, 1)),
  concurrency_max INTEGER NOT NULL CHECK (concurrency_max >= 0),
  keep_succeeded INTEGER NOT NULL,
  keep_failed INTEGER NOT NULL,
  keep_cancelled INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE schedules (
  name TEXT PRIMARY KEY,
  cron TEXT NOT NULL,
  zone TEXT NOT NULL,
  daylight INTEGER NOT NULL,
  catch_up INTEGER NOT NULL,
  paused INTEGER NOT NULL CHECK (paused IN (0, 1)),
  source TEXT NOT NULL,
  handled_until INTEGER NOT NULL,
  task BLOB NOT NULL              -- a TaskRequest, see record.h
) STRICT, WITHOUT ROWID;

CREATE TABLE workers (
  name TEXT PRIMARY KEY,
  host TEXT NOT NULL,
  process_id INTEGER NOT NULL,
  queues TEXT NOT NULL,           -- names with commas between
  kinds TEXT NOT NULL,
  slots INTEGER NOT NULL,
  busy INTEGER NOT NULL,
  started_at INTEGER NOT NULL,
  seen_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- One row about the ledger itself.
CREATE TABLE ledger (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  handle_floor INTEGER NOT NULL   -- no handle up to this is given again
) STRICT;
INSERT INTO ledger (one, handle_floor) VALUES (1, 0);
