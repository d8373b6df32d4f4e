-- What is older than what is known changes nothing; it is there all the same.
UPDATE waybill.collection_items SET
  tried_at = CASE WHEN $4 >= fetched_at THEN $3 ELSE tried_at END,
  fetched_at = greatest($4, fetched_at),
  failure = CASE WHEN $4 >= fetched_at THEN 0 ELSE failure END,
  status = CASE WHEN $4 >= fetched_at THEN $5 ELSE status END,
  size_bytes = CASE WHEN $4 >= fetched_at THEN $6 ELSE size_bytes END,
  media_type = CASE WHEN $4 >= fetched_at THEN $7 ELSE media_type END,
  sha256 = CASE WHEN $4 >= fetched_at THEN $8 ELSE sha256 END,
  cid = CASE WHEN $4 >= fetched_at THEN $9 ELSE cid END,
  header_cid = CASE WHEN $4 >= fetched_at THEN $10 ELSE header_cid END,
  error = CASE WHEN $4 >= fetched_at THEN '' ELSE error END
WHERE collection = $1 AND url = $2
