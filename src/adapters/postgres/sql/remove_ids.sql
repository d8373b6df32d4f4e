DELETE FROM waybill.ids WHERE id = ANY ($1)
