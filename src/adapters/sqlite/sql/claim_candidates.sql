-- The first ready tasks of a lane, from the index alone.
SELECT handle, rank FROM tasks INDEXED BY ready_tasks
WHERE state = 2 AND lane = ?1
ORDER BY rank, handle
LIMIT ?2
