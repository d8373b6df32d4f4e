-- State 3: leased.
SELECT a.name, a.sha256, a.size_bytes, a.media_type, a.created_at
FROM waybill.ids AS i
JOIN waybill.tasks AS t ON t.handle = i.handle AND t.state = 3 AND t.fence = $2
JOIN waybill.artifacts AS a ON a.task = t.handle AND a.fence = t.fence
WHERE i.id = $1 AND a.sha256 = $3
LIMIT 1
