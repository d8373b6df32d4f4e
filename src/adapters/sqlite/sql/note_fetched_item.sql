-- What is older than what is known changes nothing; it is there all the same.
UPDATE collection_items SET
  tried_at = iif(?4 >= fetched_at, ?3, tried_at),
  fetched_at = iif(?4 >= fetched_at, ?4, fetched_at),
  failure = iif(?4 >= fetched_at, 0, failure),
  status = iif(?4 >= fetched_at, ?5, status),
  size_bytes = iif(?4 >= fetched_at, ?6, size_bytes),
  media_type = iif(?4 >= fetched_at, ?7, media_type),
  sha256 = iif(?4 >= fetched_at, ?8, sha256),
  cid = iif(?4 >= fetched_at, ?9, cid),
  header_cid = iif(?4 >= fetched_at, ?10, header_cid),
  error = iif(?4 >= fetched_at, '', error)
WHERE collection = ?1 AND url = ?2
