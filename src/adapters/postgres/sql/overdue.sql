-- Leases and times from $2 and $3 on: see overdue_floors.h.
SELECT handle, id, lane, priority, state, revision, fence, waiting_for, run_at, lease_until,
       finished_at, dedup_key, dedup_scope, detail, created_at, definition, created_by, spec,
       params, rest
FROM (
  (SELECT lease_until AS due_at, * FROM waybill.tasks WHERE state = 3 AND lease_until >= $2
   ORDER BY lease_until LIMIT $1)
  UNION ALL
  (SELECT run_at, * FROM waybill.tasks WHERE state = 1 AND run_at >= $3
   ORDER BY run_at LIMIT $1)
) AS due CROSS JOIN (SELECT NULL::bigint AS finished_at) AS never
ORDER BY due_at, handle
LIMIT $1
