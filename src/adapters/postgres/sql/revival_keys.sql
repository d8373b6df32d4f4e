-- For finished tasks whose key was theirs while they were live: who has it by now.
SELECT f.handle, f.dedup_key, f.id, coalesce(t.id, k.id)
FROM waybill.finished AS f
LEFT JOIN waybill.tasks AS t ON t.dedup_key = f.dedup_key
LEFT JOIN waybill.forever_keys AS k ON k.dedup_key = f.dedup_key
WHERE f.handle = ANY ($1) AND f.dedup_key IS NOT NULL AND f.dedup_scope = 0
ORDER BY f.handle
