SELECT a.name, a.sha256, a.size_bytes, a.media_type, a.created_at
FROM tasks t JOIN artifacts a ON a.task = t.handle AND a.fence = t.fence
WHERE t.id = ?1 AND t.state = 3 AND t.fence = ?2 AND a.sha256 = ?3
LIMIT 1
