UPDATE waybill.scan_passes SET last_at = $3, passes = passes + $4, summary = $5
WHERE scan = $1 AND number = $2
