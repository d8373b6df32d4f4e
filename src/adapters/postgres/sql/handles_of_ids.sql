SELECT id, handle FROM waybill.ids WHERE id = ANY ($1)
