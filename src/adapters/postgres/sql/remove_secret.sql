DELETE FROM waybill.secrets WHERE name = $1
