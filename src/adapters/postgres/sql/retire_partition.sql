SELECT waybill.retire_partition($4, $1, $2, $3, $5, $6)
