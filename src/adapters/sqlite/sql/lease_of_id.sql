SELECT state, fence FROM tasks WHERE id = ?1
