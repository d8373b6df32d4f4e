DELETE FROM waybill.collections WHERE id = $1
