DELETE FROM waybill.plans AS p
WHERE NOT EXISTS (SELECT FROM waybill.runs AS r WHERE r.plan = p.digest)
