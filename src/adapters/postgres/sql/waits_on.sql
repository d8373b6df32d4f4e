SELECT on_id, task FROM waybill.waits WHERE on_id = ANY ($1)
