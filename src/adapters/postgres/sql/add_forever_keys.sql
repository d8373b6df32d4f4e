INSERT INTO waybill.forever_keys (dedup_key, id)
SELECT dedup_key, id FROM unnest($1, $2) AS given (dedup_key, id)
