SELECT waybill.clear_retired($1)
