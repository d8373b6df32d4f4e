DELETE FROM tasks WHERE handle = ?1
