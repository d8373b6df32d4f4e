SELECT t.handle, t.id, t.lane, t.priority, t.state, t.revision, t.fence, t.waiting_for, t.run_at,
       t.lease_until, t.finished_at, t.dedup_key, t.dedup_scope, t.detail,
       r.created_at, r.definition, r.created_by, r.spec, r.params, r.rest, t.history,
       p.progress, p.checkpoint
FROM tasks t CROSS JOIN requests r ON r.handle = t.handle
LEFT JOIN reports p ON p.task = t.handle
ORDER BY t.handle
