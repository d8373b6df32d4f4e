-- A failure that is older than what is known changes nothing.
UPDATE collection_items SET
  tried_at = iif(?3 >= tried_at, max(?3, fetched_at), tried_at),
  failure = iif(?3 >= tried_at, ?4, failure),
  status = iif(?3 >= tried_at, ?5, status),
  error = iif(?3 >= tried_at, ?6, error)
WHERE collection = ?1 AND url = ?2
