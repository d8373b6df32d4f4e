SELECT handle FROM tasks INDEXED BY leased_tasks WHERE state = 3 AND lane = ?1
