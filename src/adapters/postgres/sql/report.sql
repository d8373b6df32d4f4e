-- Of a task that is there: an id may be left for a moment of one that was removed.
SELECT coalesce(r.progress, ''), coalesce(r.checkpoint, '')
FROM waybill.ids AS i LEFT JOIN waybill.reports AS r ON r.task = i.handle
WHERE i.id = $1 AND EXISTS (SELECT FROM waybill.rows AS t WHERE t.handle = i.handle)
