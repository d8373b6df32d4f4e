UPDATE collection_items SET tried_at = max(?3, fetched_at), failure = ?4,
  status = ?5, error = ?6
WHERE collection = ?1 AND url = ?2
