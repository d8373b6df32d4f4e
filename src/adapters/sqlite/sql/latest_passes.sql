SELECT scan, number, first_at, last_at, passes, error, summary
FROM scan_passes AS newest
WHERE number = (SELECT max(number) FROM scan_passes WHERE scan = newest.scan)
ORDER BY scan
