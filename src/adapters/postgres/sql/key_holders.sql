SELECT dedup_key, id FROM waybill.tasks WHERE dedup_key = ANY ($1)
UNION ALL
SELECT dedup_key, id FROM waybill.forever_keys WHERE dedup_key = ANY ($1)
