-- I1: an id leads to one task, and a task has its id. Those of retired partitions are being
-- removed.
SELECT coalesce(i.id, r.id)::text
FROM waybill.ids AS i FULL JOIN waybill.rows AS r ON r.handle = i.handle
WHERE i.id IS DISTINCT FROM r.id
  AND NOT EXISTS (SELECT FROM waybill.retired AS g WHERE g.handle = i.handle AND g.id = i.id)
UNION ALL
SELECT t.id::text FROM waybill.tasks AS t JOIN waybill.finished AS f ON f.handle = t.handle
