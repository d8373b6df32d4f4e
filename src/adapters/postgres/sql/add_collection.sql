INSERT INTO waybill.collections (id, url, title, description, creator, index_cid, indexed_at, created_at, changed_at)
VALUES ($1, $2, $3, $4, $5, '', 0, $6, $6)
