SELECT scan, number, first_at, last_at, passes, error, summary
FROM waybill.scan_passes WHERE scan = $1 AND number < $2 ORDER BY number DESC LIMIT $3
