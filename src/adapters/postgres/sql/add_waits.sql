INSERT INTO waybill.waits (on_id, task)
SELECT given.on_id, i.handle
FROM unnest($1, $2) AS given (on_id, id)
JOIN waybill.ids AS i ON i.id = given.id
