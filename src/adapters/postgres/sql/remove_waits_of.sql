DELETE FROM waybill.waits WHERE task = ANY ($1)
