-- State 4: succeeded.
SELECT a.name, a.sha256, a.size_bytes, a.media_type, a.created_at
FROM waybill.ids AS i
JOIN waybill.finished AS f ON f.handle = i.handle AND f.state = 4
JOIN waybill.artifacts AS a ON a.task = f.handle AND a.fence = f.fence
WHERE i.id = $1 AND a.name > $2
ORDER BY a.name LIMIT $3
