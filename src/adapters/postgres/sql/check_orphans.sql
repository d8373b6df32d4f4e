-- Rows that belong to no task, nor to one of a retired partition, whose rows are being removed.
SELECT 'report of ' || p.task FROM waybill.reports AS p
WHERE NOT EXISTS (SELECT FROM waybill.rows AS r WHERE r.handle = p.task)
  AND NOT EXISTS (SELECT FROM waybill.retired AS g WHERE g.handle = p.task)
UNION ALL
SELECT 'wait of ' || w.task FROM waybill.waits AS w
WHERE NOT EXISTS (SELECT FROM waybill.rows AS r WHERE r.handle = w.task)
  AND NOT EXISTS (SELECT FROM waybill.retired AS g WHERE g.handle = w.task)
UNION ALL
SELECT DISTINCT 'artifacts of ' || a.task FROM waybill.artifacts AS a
WHERE NOT EXISTS (SELECT FROM waybill.rows AS r WHERE r.handle = a.task)
  AND NOT EXISTS (SELECT FROM waybill.retired AS g WHERE g.handle = a.task)
