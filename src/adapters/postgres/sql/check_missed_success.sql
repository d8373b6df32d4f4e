-- I7: nobody waits any more for what has succeeded.
SELECT r.id::text
FROM waybill.waits AS w
JOIN waybill.ids AS i ON i.id = w.on_id
JOIN waybill.finished AS f ON f.handle = i.handle AND f.state = 4
JOIN waybill.rows AS r ON r.handle = w.task
