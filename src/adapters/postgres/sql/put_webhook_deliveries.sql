INSERT INTO waybill.webhook_deliveries
  (webhook, sequence, body, attempts, next_at, status, error)
SELECT $1, sequence, body, attempts, next_at, status, error
FROM unnest($2::bigint[], $3::bytea[], $4::bigint[], $5::bigint[], $6::bigint[], $7::text[])
  AS d (sequence, body, attempts, next_at, status, error)
ORDER BY sequence
ON CONFLICT (webhook, sequence) DO UPDATE SET
  attempts = excluded.attempts, next_at = excluded.next_at, status = excluded.status,
  error = excluded.error
