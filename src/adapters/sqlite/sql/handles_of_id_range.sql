SELECT handle, lane FROM tasks WHERE id BETWEEN ?1 AND ?2
