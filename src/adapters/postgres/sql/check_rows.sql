SELECT r.handle, r.id, r.lane, r.priority, r.state, r.revision, r.fence, r.waiting_for, r.run_at,
       r.lease_until, r.finished_at, r.dedup_key, r.dedup_scope, r.detail, r.created_at,
       r.definition, r.created_by, r.spec, r.params, r.rest, r.history, r.rank
FROM waybill.rows AS r
WHERE r.handle > $1 ORDER BY r.handle LIMIT $2
