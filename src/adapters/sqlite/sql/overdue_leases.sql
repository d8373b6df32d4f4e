SELECT handle, lease_until FROM tasks INDEXED BY leased_tasks
WHERE state = 3
ORDER BY lease_until, handle
LIMIT ?1
