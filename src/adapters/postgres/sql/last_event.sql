SELECT commit_number, change_count FROM waybill.events ORDER BY commit_number DESC LIMIT 1
