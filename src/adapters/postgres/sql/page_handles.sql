-- Those of these handles ($2), in their order, as in page_newest.
SELECT r.handle, r.id, r.lane, r.priority, r.state, r.revision, r.fence, r.waiting_for, r.run_at,
       r.lease_until, r.finished_at, r.dedup_key, r.dedup_scope, r.detail, r.created_at,
       r.definition, r.created_by, r.spec, r.params, r.rest,
       $1 AND EXISTS (SELECT FROM waybill.waits AS w WHERE w.on_id = r.id)
FROM unnest($2) WITH ORDINALITY AS chosen (handle, place)
JOIN waybill.rows AS r ON r.handle = chosen.handle
ORDER BY chosen.place
