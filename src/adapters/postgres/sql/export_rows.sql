SELECT r.handle, r.id, r.lane, r.priority, r.state, r.revision, r.fence, r.waiting_for, r.run_at,
       r.lease_until, r.finished_at, r.dedup_key, r.dedup_scope, r.detail, r.created_at,
       r.definition, r.created_by, r.spec, r.params, r.rest, r.history, coalesce(p.progress, ''), coalesce(p.checkpoint, '')
FROM (SELECT * FROM waybill.rows WHERE handle > $1 ORDER BY handle LIMIT $2) AS r
LEFT JOIN waybill.reports AS p ON p.task = r.handle
ORDER BY r.handle
