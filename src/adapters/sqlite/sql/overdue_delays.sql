SELECT handle, run_at FROM tasks INDEXED BY scheduled_tasks
WHERE state = 1
ORDER BY run_at, handle
LIMIT ?1
