SELECT scan, number, first_at, last_at, passes, error, summary
FROM waybill.scan_passes AS newest
WHERE number = (SELECT max(number) FROM waybill.scan_passes WHERE scan = newest.scan)
ORDER BY scan
