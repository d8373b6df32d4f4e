DELETE FROM waybill.collection_items WHERE collection = $1 AND url = ANY ($2)
