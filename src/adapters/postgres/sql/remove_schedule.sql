DELETE FROM waybill.schedules WHERE name = $1
