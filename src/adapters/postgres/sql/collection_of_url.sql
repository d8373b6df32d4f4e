SELECT id, url, title, description, creator, index_cid, indexed_at, created_at, changed_at
FROM waybill.collections WHERE url = $1 AND url <> ''
