SELECT number, id, pipeline, plan, priority, reuse_from, anew, created_by, created_at, state,
  started_at, coalesce(ended_at, 0), error, next_at, stop, stop_by, stop_reason, asked,
  CASE WHEN ?7 THEN params ELSE '{}' END, CASE WHEN ?7 THEN outputs ELSE '' END
FROM runs
WHERE number < ?1 AND (?2 >> state) & 1 AND (?3 = '' OR pipeline = ?3)
  AND (?4 = '' OR created_by = ?4) AND id BETWEEN ?5 AND ?6
  AND created_at >= ?9 AND created_at < ?10
ORDER BY number DESC LIMIT ?8
