DELETE FROM waybill.collection_items WHERE collection = $1
