SELECT t.handle, r.progress, r.checkpoint
FROM tasks t LEFT JOIN reports r ON r.task = t.handle
WHERE t.id = ?1
