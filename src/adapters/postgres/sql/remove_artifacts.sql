DELETE FROM waybill.artifacts WHERE task = ANY ($1)
