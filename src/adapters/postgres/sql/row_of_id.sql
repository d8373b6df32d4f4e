SELECT handle, id, lane, priority, state, revision, fence, waiting_for, run_at, lease_until,
       finished_at, dedup_key, dedup_scope, detail, created_at, definition, created_by, spec,
       params, rest
FROM waybill.rows
WHERE handle = (SELECT i.handle FROM waybill.ids AS i WHERE i.id = $1)
