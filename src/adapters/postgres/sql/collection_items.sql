SELECT position, url, title, description, tried_at, fetched_at, failure, status, size_bytes, media_type, sha256, cid, header_cid, error
FROM waybill.collection_items WHERE collection = $1 AND position > $2
ORDER BY position LIMIT $3
