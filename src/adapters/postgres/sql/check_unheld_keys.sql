SELECT r.id::text
FROM waybill.rows AS r
WHERE r.dedup_scope = 1 AND r.dedup_key IS NOT NULL
  AND NOT EXISTS (SELECT FROM waybill.forever_keys AS k WHERE k.dedup_key = r.dedup_key)
