UPDATE waybill.ledger SET counted_until = newest.commit_number
FROM (SELECT commit_number FROM waybill.events ORDER BY commit_number DESC LIMIT 1) AS newest
WHERE counted_until < newest.commit_number
