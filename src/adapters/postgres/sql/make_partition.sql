SELECT waybill.make_partition($1)
