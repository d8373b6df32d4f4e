-- Without the bodies.
SELECT sequence, ''::bytea, attempts, next_at, status, error FROM waybill.webhook_deliveries
WHERE webhook = $1 AND sequence > $2 ORDER BY sequence LIMIT $3
