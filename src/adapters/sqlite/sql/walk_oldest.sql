SELECT handle, lane, state FROM tasks WHERE handle > ?1 ORDER BY handle
