-- The tasks that wait for these, once for each that they wait for. Those of them that were cancelled
-- go on counting, for a person may have them tried again. Under the lock of commits none changes.
SELECT r.handle, r.id, r.lane, r.priority, r.state, r.revision, r.fence, r.waiting_for, r.run_at,
       r.lease_until, r.finished_at, r.dedup_key, r.dedup_scope, r.detail, r.created_at,
       r.definition, r.created_by, r.spec, r.params, r.rest, w.on_id
FROM waybill.waits AS w
JOIN waybill.rows AS r ON r.handle = w.task
WHERE w.on_id = ANY ($1)
ORDER BY r.handle
