INSERT INTO collection_items (collection, position, url, title, description, tried_at, fetched_at, failure, status, size_bytes, media_type, sha256, cid, header_cid, error)
VALUES (?1, (SELECT coalesce(max(position), 0) + 1 FROM collection_items WHERE collection = ?1),
  ?2, ?3, ?4, 0, 0, 0, 0, 0, '', '', '', '', '')
