-- As page_oldest, of the ids from $7 to $8.
SELECT r.handle, r.id, r.lane, r.priority, r.state, r.revision, r.fence, r.waiting_for, r.run_at,
       r.lease_until, r.finished_at, r.dedup_key, r.dedup_scope, r.detail, r.created_at,
       r.definition, r.created_by, r.spec, r.params, r.rest,
       $4 AND EXISTS (SELECT FROM waybill.waits AS w WHERE w.on_id = r.id)
FROM (
  SELECT i.handle FROM waybill.ids AS i WHERE i.id BETWEEN $7 AND $8 AND i.handle > $6
) AS chosen
JOIN waybill.rows AS r ON r.handle = chosen.handle
WHERE (cardinality($1) = 0 OR r.lane = ANY ($1)) AND (cardinality($2) = 0 OR r.state = ANY ($2))
  AND ($3 = 9223372036854775807 OR r.finished_at < $3)
ORDER BY r.handle
LIMIT $5
