UPDATE collections SET index_cid = ?2, indexed_at = ?3,
  changed_at = max(?3, changed_at)
WHERE id = ?1
