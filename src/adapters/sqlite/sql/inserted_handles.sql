SELECT handle FROM tasks WHERE handle BETWEEN ?1 AND ?2 ORDER BY handle
