SELECT handle, lane FROM tasks INDEXED BY leased_tasks WHERE state = 3
