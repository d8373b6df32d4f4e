INSERT INTO waybill.scan_passes
  (scan, number, first_at, last_at, passes, error, summary, report, digest)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
