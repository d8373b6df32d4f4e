UPDATE collections SET title = ?2, description = ?3, creator = ?4, changed_at = ?5
WHERE id = ?1
