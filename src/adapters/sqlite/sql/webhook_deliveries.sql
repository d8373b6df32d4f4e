-- Without the bodies: a page of them may be megabytes, and nobody looks at them.
SELECT sequence, '' AS body, attempts, next_at, status, error FROM webhook_deliveries
WHERE webhook = ?1 AND sequence > ?2 ORDER BY sequence LIMIT ?3
