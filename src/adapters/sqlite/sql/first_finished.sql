-- Handles of one lane and outcome by the time they finished, after the place (?4, ?5).
SELECT handle, finished_at FROM tasks INDEXED BY finished_tasks
WHERE lane = ?1 AND state = ?2 AND finished_at < ?3
  AND (finished_at, handle) > (?4, ?5)
ORDER BY finished_at, handle
LIMIT ?6
