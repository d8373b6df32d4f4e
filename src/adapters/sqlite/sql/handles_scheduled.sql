SELECT handle FROM tasks INDEXED BY scheduled_tasks WHERE state = 1 AND lane = ?1
