DELETE FROM waybill.reports WHERE task = ANY ($1)
