SELECT handle, lane FROM tasks INDEXED BY finished_tasks
WHERE lane = ?1 AND state = ?2 AND finished_at < ?3
