SELECT number, id, pipeline, plan, priority, reuse_from, anew, created_by, created_at, state,
  started_at, coalesce(ended_at, 0), error, next_at, stop, stop_by, stop_reason, asked,
  CASE WHEN ?3 THEN params ELSE '{}' END, CASE WHEN ?3 THEN outputs ELSE '' END
FROM runs WHERE state < 2 AND number > ?1 ORDER BY number LIMIT ?2
