-- A failure that is older than what is known changes nothing.
UPDATE waybill.collection_items SET
  tried_at = CASE WHEN $3 >= tried_at THEN greatest($3, fetched_at) ELSE tried_at END,
  failure = CASE WHEN $3 >= tried_at THEN $4 ELSE failure END,
  status = CASE WHEN $3 >= tried_at THEN $5 ELSE status END,
  error = CASE WHEN $3 >= tried_at THEN $6 ELSE error END
WHERE collection = $1 AND url = $2
