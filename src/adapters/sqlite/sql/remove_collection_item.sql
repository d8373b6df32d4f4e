DELETE FROM collection_items WHERE collection = ?1 AND url = ?2
