UPDATE waybill.collection_items SET
  tried_at = $3, fetched_at = $4, failure = 0, status = $5, size_bytes = $6,
  media_type = $7, sha256 = $8, cid = $9, header_cid = $10, error = ''
WHERE collection = $1 AND url = $2
