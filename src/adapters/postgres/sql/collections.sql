SELECT id, url, title, description, creator, index_cid, indexed_at, created_at, changed_at
FROM waybill.collections WHERE id > $1 ORDER BY id LIMIT $2
