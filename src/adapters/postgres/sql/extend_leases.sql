UPDATE waybill.tasks AS t SET lease_until = c.until
FROM unnest($1, $2, $3) WITH ORDINALITY AS c (id, fence, until, place)
JOIN waybill.ids AS i ON i.id = c.id
WHERE t.handle = i.handle AND t.state = 3 AND t.fence = c.fence
RETURNING c.place, t.detail
