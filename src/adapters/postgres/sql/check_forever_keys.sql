-- I4: no live task, and none that holds it for ever, has a key that another holds for ever.
SELECT r.id::text
FROM waybill.forever_keys AS k
JOIN waybill.rows AS r ON r.dedup_key = k.dedup_key AND (r.dedup_scope = 1 OR r.state < 4)
WHERE r.id <> k.id
