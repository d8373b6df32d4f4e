DELETE FROM collections WHERE id = ?1
