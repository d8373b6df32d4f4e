-- Changes that end live tasks.
WITH gone AS (
  DELETE FROM waybill.tasks AS t
  USING unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) AS c
  (handle, id, from_state, from_fence, from_revision, from_lease, state, revision, fence,
   waiting_for, run_at, until, priority, detail, entry)
  WHERE t.handle = c.handle AND t.id = c.id AND t.state = c.from_state AND t.fence = c.from_fence
    AND t.revision = c.from_revision
    AND (c.from_lease IS NULL OR t.lease_until = c.from_lease)
  RETURNING t.handle, t.created_at, c.fence, c.run_at, c.until AS finished_at, t.lane, t.id,
    c.revision, c.waiting_for, coalesce(c.priority, t.priority) AS priority, c.state,
    t.dedup_scope, t.dedup_key, c.detail, t.history || c.entry AS history, t.rest, t.definition,
    t.created_by, t.spec, t.params
)
INSERT INTO waybill.finished (handle, created_at, fence, run_at, finished_at, lane, id, revision,
  waiting_for, priority, state, dedup_scope, dedup_key, detail, history, rest, definition,
  created_by, spec, params)
SELECT * FROM gone
RETURNING handle, lane, NULL::bigint
