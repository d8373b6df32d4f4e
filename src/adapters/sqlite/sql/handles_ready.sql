SELECT handle, lane FROM tasks INDEXED BY ready_tasks WHERE state = 2 AND lane = ?1
