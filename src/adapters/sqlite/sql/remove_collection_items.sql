DELETE FROM collection_items WHERE collection = ?1
