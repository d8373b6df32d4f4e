SELECT history FROM tasks WHERE id = ?1
