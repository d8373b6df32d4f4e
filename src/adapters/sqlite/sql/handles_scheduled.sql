SELECT handle, lane FROM tasks INDEXED BY scheduled_tasks WHERE state = 1
