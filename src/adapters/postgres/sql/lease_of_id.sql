-- Null if the task is finished.
SELECT t.state, t.fence
FROM waybill.ids AS i LEFT JOIN waybill.tasks AS t ON t.handle = i.handle
WHERE i.id = $1
