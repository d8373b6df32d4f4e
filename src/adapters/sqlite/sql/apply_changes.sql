-- From feed, where each row is what a task is to become, its compare-and-set already decided in
-- this transaction. As an upsert, because one statement then serves all rows; a row is never new.
-- ?1 is how long detail, history and room are together while they fit: a row that keeps its size
-- is overwritten in place.
INSERT INTO tasks (handle, id, lane, priority, state, revision, fence, waiting_for, run_at, rank,
                   lease_until, finished_at, dedup_scope, detail, history)
SELECT c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11, 0, c12, c13
FROM feed
WHERE true
ON CONFLICT (handle) DO UPDATE SET
  state = excluded.state,
  revision = excluded.revision,
  fence = excluded.fence,
  waiting_for = excluded.waiting_for,
  run_at = excluded.run_at,
  rank = excluded.rank,
  lease_until = excluded.lease_until,
  finished_at = excluded.finished_at,
  detail = excluded.detail,
  history = CAST(tasks.history || excluded.history AS BLOB),
  room = zeroblob(max(0, ?1 - length(excluded.detail) - length(tasks.history)
                           - length(excluded.history)))
