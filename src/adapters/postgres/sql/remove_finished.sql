DELETE FROM waybill.finished WHERE handle = ANY ($1)
