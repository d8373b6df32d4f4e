-- The first $4 of each lane of the queues ($1) and kinds ($2) that may be claimed from; $3: also
-- those of queues with a limit. What others are about to claim is passed over. Looked at from each
-- lane's floor on; $5: from the beginning, and the last column says what lay below the floor.
SELECT t.handle, t.id, t.lane, t.priority, t.state, t.revision, t.fence, t.waiting_for, t.run_at,
       t.lease_until, NULL::bigint, t.dedup_key, t.dedup_scope, t.detail, t.created_at,
       t.definition, t.created_by, t.spec, t.params, t.rest,
       coalesce((t.rank, t.handle) < (f.rank, f.handle), false)
FROM waybill.lanes AS l
LEFT JOIN waybill.queues AS q ON q.name = l.queue
LEFT JOIN waybill.floors AS f ON f.lane = l.lane
CROSS JOIN LATERAL (
  SELECT * FROM waybill.tasks AS r
  WHERE r.lane = l.lane AND r.state = 2
    AND (r.rank, r.handle) >= (
      CASE WHEN $5 OR f.rank IS NULL THEN '-9223372036854775808' ELSE f.rank END,
      coalesce(f.handle, 0))
  ORDER BY r.rank, r.handle
  LIMIT $4
  FOR UPDATE SKIP LOCKED
) AS t
WHERE NOT coalesce(q.paused, false)
  AND (cardinality($1) = 0 OR l.queue = ANY ($1)) AND (cardinality($2) = 0 OR l.kind = ANY ($2))
  AND ($3 OR coalesce(q.concurrency_max, 0) = 0)
ORDER BY t.rank, t.handle
