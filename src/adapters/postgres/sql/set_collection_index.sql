UPDATE waybill.collections SET index_cid = $2, indexed_at = $3,
  changed_at = greatest($3, changed_at)
WHERE id = $1
