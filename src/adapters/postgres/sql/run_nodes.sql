SELECT path, kind, state, stop, due, CASE WHEN $6 THEN outputs ELSE ''::bytea END, error,
  fingerprint, reused, wait, decision, began_at, coalesce(ended_at, 0),
  CASE WHEN $6 THEN artifacts ELSE ''::bytea END, bytes
FROM waybill.run_nodes
WHERE run = $1 AND (path > $2 OR (path = '' AND $3)) AND ($4::bigint >> state) & 1 = 1
  AND (NOT $5 OR kind = 2)
ORDER BY path LIMIT $7
