-- State 4: succeeded.
SELECT a.name, a.sha256, a.size_bytes, a.media_type, a.created_at
FROM tasks t JOIN artifacts a ON a.task = t.handle AND a.fence = t.fence
WHERE t.id = ?1 AND t.state = 4 AND a.name > ?2
ORDER BY a.name LIMIT ?3
