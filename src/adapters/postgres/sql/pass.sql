SELECT scan, number, first_at, last_at, passes, error, summary, report
FROM waybill.scan_passes WHERE scan = $1 AND number = $2
