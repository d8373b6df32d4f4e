SELECT id FROM waybill.collections WHERE id = $1 FOR UPDATE
