INSERT INTO waybill.metadata (subject, hash, at, meta, digest) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT DO NOTHING
