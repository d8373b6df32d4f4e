SELECT coalesce(r.progress, ''), coalesce(r.checkpoint, '')
FROM waybill.ids AS i LEFT JOIN waybill.reports AS r ON r.task = i.handle
WHERE i.id = $1
