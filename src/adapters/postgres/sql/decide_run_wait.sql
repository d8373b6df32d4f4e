UPDATE waybill.run_nodes SET decision = $3
WHERE run = $1 AND path = $2 AND state = 0 AND decision = '' AND approval
