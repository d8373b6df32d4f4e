-- Newest first; what is empty or null does not filter.
SELECT sequence, at, who, origin, operation, subject, count, outcome, reason FROM waybill.audit
WHERE sequence < $1
  AND ($2 = '' OR who = $2)
  AND ($3 = '' OR operation = $3)
  AND ($4 = '' OR subject = $4)
  AND ($5 IS NULL OR at >= $5)
  AND ($6 IS NULL OR at < $6)
ORDER BY sequence DESC
LIMIT $7
