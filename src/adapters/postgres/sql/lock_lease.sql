-- State 3: leased.
SELECT t.handle FROM waybill.ids AS i JOIN waybill.tasks AS t ON t.handle = i.handle
WHERE i.id = $1 AND t.state = 3 AND t.fence = $2 FOR UPDATE OF t
