-- Finished tasks by when they finished, after the place ($7, $6), of lanes ($1); the rest as in
-- page_newest.
SELECT r.handle, r.id, r.lane, r.priority, r.state, r.revision, r.fence, r.waiting_for, r.run_at,
       NULL::bigint, r.finished_at, r.dedup_key, r.dedup_scope, r.detail, r.created_at,
       r.definition, r.created_by, r.spec, r.params, r.rest,
       $4 AND EXISTS (SELECT FROM waybill.waits AS w WHERE w.on_id = r.id)
FROM unnest($1) AS l (lane)
CROSS JOIN unnest(ARRAY[4, 5, 6]) AS s (state)
CROSS JOIN LATERAL (
  SELECT * FROM waybill.finished AS f
  WHERE f.lane = l.lane AND f.state = s.state AND f.finished_at < $3
    AND f.finished_at >= $7 AND (f.finished_at, f.handle) > ($7, $6)
  ORDER BY f.finished_at, f.handle
  LIMIT $5
) AS r
WHERE cardinality($2) = 0 OR s.state = ANY ($2)
ORDER BY r.finished_at, r.handle
LIMIT $5
