-- Changes that make finished tasks live again. $16 as in update_tasks. The handles stand by
-- themselves too, so that partitions they are not in are not even locked.
WITH gone AS (
  DELETE FROM waybill.finished AS t
  USING unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) AS c
  (handle, id, from_state, from_fence, from_revision, from_lease, state, revision, fence,
   waiting_for, run_at, until, priority, detail, entry)
  WHERE t.handle = ANY ($1) AND t.handle = c.handle AND t.id = c.id AND t.state = c.from_state AND t.fence = c.from_fence
    AND t.revision = c.from_revision AND c.from_lease IS NULL
  RETURNING t.handle, t.created_at, c.fence, c.run_at,
    CASE WHEN c.state = 2
      THEN c.run_at - coalesce(c.priority, t.priority) * $16::bigint END AS rank,
    c.until AS lease_until, t.lane, t.id, c.revision, c.waiting_for,
    coalesce(c.priority, t.priority) AS priority, c.state, t.dedup_scope, t.dedup_key, c.detail,
    t.history || c.entry AS history, t.rest, t.definition, t.created_by, t.spec, t.params
)
INSERT INTO waybill.tasks (handle, created_at, fence, run_at, rank, lease_until, lane, id,
  revision, waiting_for, priority, state, dedup_scope, dedup_key, detail, history, rest,
  definition, created_by, spec, params)
SELECT * FROM gone
RETURNING handle, lane, rank
