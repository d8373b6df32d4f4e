SELECT commit_number FROM waybill.events ORDER BY commit_number LIMIT 1
