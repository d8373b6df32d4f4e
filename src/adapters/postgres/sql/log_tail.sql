-- The last chunks of an attempt, the newest first.
SELECT at, stream, bytes FROM waybill.log_chunks
WHERE task = $1 AND attempt = $2 ORDER BY number DESC LIMIT $3
