SELECT i.id, f.handle, f.lane, f.state, f.finished_at
FROM waybill.ids AS i
JOIN waybill.finished AS f ON f.handle = i.handle
WHERE i.id = ANY ($1)
