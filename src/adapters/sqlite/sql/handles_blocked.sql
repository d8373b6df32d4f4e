SELECT handle, lane FROM tasks INDEXED BY blocked_tasks WHERE state = 0 AND lane = ?1
