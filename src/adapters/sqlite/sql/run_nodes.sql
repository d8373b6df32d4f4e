SELECT path, kind, state, stop, due, CASE WHEN ?6 THEN outputs ELSE '' END, error, fingerprint,
  reused, wait, decision, began_at, coalesce(ended_at, 0),
  CASE WHEN ?6 THEN artifacts ELSE '' END, bytes
FROM run_nodes
WHERE run = (SELECT number FROM runs WHERE id = ?1) AND (path > ?2 OR path = ?3)
  AND (?4 >> state) & 1 AND (NOT ?5 OR kind = 2)
ORDER BY path LIMIT ?7
