SELECT waybill.drop_partition($1)
