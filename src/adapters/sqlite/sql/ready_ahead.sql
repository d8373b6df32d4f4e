SELECT 1 FROM tasks INDEXED BY ready_tasks
WHERE state = 2 AND lane = ?1 AND (rank, handle) < (?2, ?3)
LIMIT ?4
