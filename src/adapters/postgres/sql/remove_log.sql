DELETE FROM waybill.log_chunks WHERE task = $1
