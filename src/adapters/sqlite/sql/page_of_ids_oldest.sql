SELECT t.handle, t.id, t.lane, t.priority, t.state, t.revision, t.fence, t.waiting_for, t.run_at,
       t.lease_until, t.finished_at, t.dedup_key, t.dedup_scope, t.detail,
       r.created_at, r.definition, r.created_by, r.spec, r.params, r.rest
FROM tasks t CROSS JOIN requests r ON r.handle = t.handle
WHERE t.id BETWEEN ?2 AND ?3 AND +t.handle > ?1
ORDER BY +t.handle
