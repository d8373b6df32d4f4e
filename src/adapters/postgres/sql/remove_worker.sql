DELETE FROM waybill.workers WHERE name = $1
