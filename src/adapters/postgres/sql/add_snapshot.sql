INSERT INTO waybill.snapshots
  (url, fetched_at, took_ms, status, size_bytes, media_type, sha256, cid, header_cid)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT DO NOTHING
