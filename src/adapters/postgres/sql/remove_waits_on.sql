DELETE FROM waybill.waits WHERE on_id = ANY ($1)
