SELECT sequence, body, attempts, next_at, status, error FROM waybill.webhook_deliveries
WHERE webhook = $1 AND next_at <= $2 ORDER BY next_at, sequence LIMIT $3
