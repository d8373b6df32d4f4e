-- Changes of finished tasks that stay so: of one that waits for others, counted down. The handles
-- stand by themselves too, so that partitions they are not in are not even locked.
UPDATE waybill.finished AS t SET
  state = c.state,
  revision = c.revision,
  fence = c.fence,
  waiting_for = c.waiting_for,
  run_at = c.run_at,
  finished_at = c.until,
  priority = coalesce(c.priority, t.priority),
  detail = c.detail,
  history = t.history || c.entry
FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) AS c
  (handle, id, from_state, from_fence, from_revision, from_lease, state, revision, fence,
   waiting_for, run_at, until, priority, detail, entry)
WHERE t.handle = ANY ($1) AND t.handle = c.handle AND t.id = c.id AND t.state = c.from_state AND t.fence = c.from_fence
  AND t.revision = c.from_revision AND c.from_lease IS NULL
RETURNING t.handle, t.lane, NULL::bigint
