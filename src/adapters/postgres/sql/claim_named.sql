-- Those of the ids ($4) that are ready; the rest as in claim_ready.
SELECT t.handle, t.id, t.lane, t.priority, t.state, t.revision, t.fence, t.waiting_for, t.run_at,
       t.lease_until, NULL::bigint, t.dedup_key, t.dedup_scope, t.detail, t.created_at,
       t.definition, t.created_by, t.spec, t.params, t.rest
FROM waybill.ids AS i
JOIN waybill.tasks AS t ON t.handle = i.handle
JOIN waybill.lanes AS l ON l.lane = t.lane
LEFT JOIN waybill.queues AS q ON q.name = l.queue
WHERE i.id = ANY ($4) AND t.state = 2 AND NOT coalesce(q.paused, false)
  AND (cardinality($1) = 0 OR l.queue = ANY ($1)) AND (cardinality($2) = 0 OR l.kind = ANY ($2))
  AND ($3 OR coalesce(q.concurrency_max, 0) = 0)
ORDER BY t.rank, t.handle
FOR UPDATE OF t SKIP LOCKED
