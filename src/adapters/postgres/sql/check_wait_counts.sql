-- I7: a task counts as many as it waits for.
SELECT r.id::text
FROM waybill.rows AS r
LEFT JOIN (SELECT task, count(*) AS number FROM waybill.waits GROUP BY task) AS w
  ON w.task = r.handle
WHERE r.waiting_for <> coalesce(w.number, 0)
